//! Rows: everything that the products before us let an administrator do with a client is shown by a
//! test. Each row of the requirements and the test that shows it, by its name; a row that is a screen
//! alone names the test of the page.

use super::row_tables::{Stretch, is_whole, shown_by_tests};

const ROWS: [(&str, &str); 69] = [
    ("REL-3", "filters_live_in_the_address"),
    ("REL-4", "rel04_refuses_a_name_that_differs_in_case_width_or_spaces_only"),
    ("REL-5", "rel05_cor34_a_client_that_is_switched_off_gets_nothing_and_its_tokens_stay_dead"),
    ("REL-6", "the13_the15_refuses_no_grant_an_unknown_one_and_scopes_that_are_none"),
    ("REL-7", "rel07_the12_cor21_refuses_every_redirect_uri_that_runs_leaks_or_matches_too_much"),
    ("REL-8", "rel08_refuses_a_context_user_on_another_grant_or_of_nobody"),
    ("REL-9", "rel09_cor17_cor19_refuses_lifetimes_that_are_no_time_too_short_or_too_long"),
    ("REL-10", "cor12_cor14_cor16_to_cor19_a_new_client_begins_with_the_safer_choice"),
    ("REL-11", "rel11_no_refresh_token_without_pkce"),
    ("REL-12", "rel12_refuses_lines_that_are_no_address_and_ranges_that_lie"),
    ("REL-13", "e14_rel14_an_address_outside_is_refused_before_the_secret"),
    ("REL-14", "e14_rel14_an_address_outside_is_refused_before_the_secret"),
    ("REL-15", "rel15_trusted_addresses_count_from_the_next_request_on"),
    ("REL-16", "rel16_rel18_rel19_the18_ids_and_secrets_are_generated_and_told_once"),
    ("REL-17", "the05_rel17_the_default_clients_are_there_and_marked"),
    ("REL-18", "rel16_rel18_rel19_the18_ids_and_secrets_are_generated_and_told_once"),
    ("REL-19", "rel16_rel18_rel19_the18_ids_and_secrets_are_generated_and_told_once"),
    ("REL-20", "a_public_client_has_no_secret"),
    ("REL-21", "l06_deletes_for_good_once_the_name_is_typed"),
    ("REL-22", "l08_tells_each_change_once_with_who_when_from_and_to"),
    ("REL-23", "a_table_holds_all_that_the_filter_shows"),
    ("THE-1", "filters_live_in_the_address"),
    ("THE-2", "lists_page_by_page_what_the_filters_let_through"),
    ("THE-3", "cor15_cor30_cor32_the_list_tells_and_finds_where_a_client_reaches"),
    ("THE-4", "the08_the31_the32_a_sync_connector_gets_its_grant_and_five_scopes"),
    ("THE-5", "the05_rel17_the_default_clients_are_there_and_marked"),
    ("THE-6", "the05_rel17_the_default_clients_are_there_and_marked"),
    ("THE-7", "the08_the31_the32_a_sync_connector_gets_its_grant_and_five_scopes"),
    ("THE-8", "the08_the31_the32_a_sync_connector_gets_its_grant_and_five_scopes"),
    ("THE-9", "the08_the31_the32_a_sync_connector_gets_its_grant_and_five_scopes"),
    ("THE-10", "rel04_the10_cor11_refuses_names_that_are_empty_too_long_or_hide_something"),
    ("THE-11", "the11_a_description_is_optional_and_shown_where_there_is_one"),
    ("THE-12", "rel07_the12_cor21_refuses_every_redirect_uri_that_runs_leaks_or_matches_too_much"),
    ("THE-13", "the13_the15_refuses_no_grant_an_unknown_one_and_scopes_that_are_none"),
    ("THE-14", "rel6_gives_an_access_token_in_the_fragment_and_no_refresh_token"),
    ("THE-15", "the13_the15_refuses_no_grant_an_unknown_one_and_scopes_that_are_none"),
    ("THE-16", "the16_a_client_that_requires_no_consent_asks_only_once_it_does"),
    ("THE-17", "the17_is_unsupported_and_unadvertised_while_off"),
    ("THE-18", "registers_a_client_and_shows_its_secret_this_once"),
    ("THE-19", "rel16_rel18_rel19_the18_ids_and_secrets_are_generated_and_told_once"),
    ("THE-20", "l03_never_shows_a_secret_again"),
    ("THE-21", "the21_says_how_a_secret_is_kept_and_who_uses_pkce_instead"),
    ("THE-22", "the05_rel17_the_default_clients_are_there_and_marked"),
    ("THE-30", "changes_a_scope_but_not_its_kind_while_somebody_uses_it"),
    ("THE-31", "the08_the31_the32_a_sync_connector_gets_its_grant_and_five_scopes"),
    ("THE-32", "the08_the31_the32_a_sync_connector_gets_its_grant_and_five_scopes"),
    ("THE-33", "refuses_scopes_that_are_unknown_or_not_held"),
    ("COR-10", "registers_a_client_and_shows_its_secret_this_once"),
    ("COR-11", "rel04_the10_cor11_refuses_names_that_are_empty_too_long_or_hide_something"),
    ("COR-12", "cor12_cor14_cor16_to_cor19_a_new_client_begins_with_the_safer_choice"),
    ("COR-13", "gives_a_service_a_token_and_no_refresh_token"),
    ("COR-14", "cor12_cor14_cor16_to_cor19_a_new_client_begins_with_the_safer_choice"),
    ("COR-15", "cor15_cor30_cor32_the_list_tells_and_finds_where_a_client_reaches"),
    ("COR-16", "cor12_cor14_cor16_to_cor19_a_new_client_begins_with_the_safer_choice"),
    ("COR-17", "cor12_cor14_cor16_to_cor19_a_new_client_begins_with_the_safer_choice"),
    ("COR-18", "cor12_cor14_cor16_to_cor19_a_new_client_begins_with_the_safer_choice"),
    ("COR-19", "rel09_cor17_cor19_refuses_lifetimes_that_are_no_time_too_short_or_too_long"),
    ("COR-20", "cor20_long_lives_are_warned_of"),
    ("COR-21", "rel07_the12_cor21_refuses_every_redirect_uri_that_runs_leaks_or_matches_too_much"),
    ("COR-22", "rel07_the12_cor21_refuses_every_redirect_uri_that_runs_leaks_or_matches_too_much"),
    ("COR-23", "refuses_full_access_with_long_tokens_unless_confirmed"),
    ("COR-24", "registers_a_client_and_shows_its_secret_this_once"),
    ("COR-30", "cor15_cor30_cor32_the_list_tells_and_finds_where_a_client_reaches"),
    ("COR-31", "cor31_refuses_a_stale_version_and_changes_nothing"),
    ("COR-32", "cor15_cor30_cor32_the_list_tells_and_finds_where_a_client_reaches"),
    ("COR-33", "refuses_a_name_that_is_not_typed_exactly_and_other_wrong_fields"),
    ("COR-34", "rel05_cor34_a_client_that_is_switched_off_gets_nothing_and_its_tokens_stay_dead"),
    ("COR-35", "l06_deletes_for_good_once_the_name_is_typed"),
    ("COR-36", "cor36_deletes_none_of_501_and_none_where_one_is_gone_or_of_the_system"),
];

/// Which rows there are: the first and the last number of each stretch.
const STRETCHES: [Stretch; 5] =
    [("REL", 3, 23), ("THE", 1, 22), ("THE", 30, 33), ("COR", 10, 24), ("COR", 30, 36)];

#[test]
fn every_row_names_a_test_that_is_there() {
    shown_by_tests("Each row of a client is shown by a test.", &ROWS);
}

#[test]
fn no_row_is_left_out() {
    is_whole(&ROWS, &STRETCHES);
}
