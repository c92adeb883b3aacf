//! Rows of people: what the products before us promise whoever signs in, whoever is acted for, and
//! whoever watches over both, is shown by a test. Each row of the requirements and the tests that
//! show it, by their names. Where it was decided otherwise here, they show what was decided, and the
//! line above the row says so.

use super::row_tables::{Stretch, is_whole, shown_by_tests};

const ROWS: [(&str, &str); 51] = [
    ("COR-1", "cor1_cor60_the_console_shows_what_each_right_allows_and_no_more"),
    // Why there are such clients: a token works without a browser, for as long as it is allowed.
    (
        "COR-2",
        "a_refresh_gives_new_tokens_of_both_kinds rel08_a_token_acts_for_the_context_user_and_says_who_acts",
    ),
    (
        "COR-3",
        "a_token_may_do_what_every_one_of_six_things_allows a_tokens_rights_are_a_subset_of_the_persons_at_every_moment",
    ),
    // The trail tells every change; reading leaves marks of use, and no entry.
    (
        "COR-4",
        "cor4_cor41_what_a_token_changes_is_told_under_the_person_with_the_client_id rel08_cor4_what_a_service_changes_is_told_under_its_context_user",
    ),
    ("COR-5", "cor5_one_client_ends_at_once_and_no_other_notices"),
    (
        "COR-6",
        "c01_c02_refuses_every_request_without_s256 a_refresh_gives_new_tokens_of_both_kinds",
    ),
    // Services act for themselves too, which that product announces.
    (
        "COR-7",
        "cor7_a_token_is_of_one_person_and_stays_theirs gives_a_service_a_token_and_no_refresh_token",
    ),
    (
        "COR-8",
        "a_disabled_person_is_nobody_at_once a_locked_person_is_nobody_until_unlocked_and_what_died_stays_dead a_role_given_changed_and_taken_counts_in_the_very_next_request somebody_removed_from_a_team_loses_it_in_the_next_introspection",
    ),
    (
        "COR-9",
        "cor62_cor63_cor64_a_vendors_command_line_signs_in_and_stays_signed_in e01_a_wrong_secret_is_401_with_a_challenge d14_a_public_client_has_no_client_credentials",
    ),
    ("COR-14", "a_single_team_is_exactly_one several_teams_are_at_least_one_and_are_remembered"),
    (
        "COR-15",
        "restrictions_narrow_a_service_too_and_cover_later_teams cor15_cor30_cor32_the_list_tells_and_finds_where_a_client_reaches",
    ),
    (
        "COR-37",
        "tokens_stand_under_their_application_with_all_that_matters_of_them a_browser_signed_out_by_an_administrator_is_out_at_its_next_request",
    ),
    (
        "COR-38",
        "cor38_lists_living_tokens_and_ends_one_or_all_that_a_grant_gave one_token_ends_and_the_others_live_then_all_of_them_end",
    ),
    (
        "COR-39",
        "a_browser_signed_out_by_an_administrator_is_out_at_its_next_request a_session_shows_its_place_where_it_is_known",
    ),
    (
        "COR-40",
        "cor40_after_the_end_the_application_has_to_begin_again cor40_a_grant_ends_with_everything_it_gave",
    ),
    ("COR-41", "cor4_cor41_what_a_token_changes_is_told_under_the_person_with_the_client_id"),
    ("COR-53", "coralogix_page tells_what_the_scopes_allow_by_get_and_by_post"),
    ("COR-60", "cor1_cor60_the_console_shows_what_each_right_allows_and_no_more"),
    (
        "COR-61",
        "exchanges_a_code_for_all_that_was_agreed the36_a_policy_has_it_set_up_while_an_application_waits_and_the_id_token_tells a_token_may_do_what_every_one_of_six_things_allows says_who_asks_for_what_for_how_long",
    ),
    (
        "COR-62",
        "cor62_cor63_cor64_a_vendors_command_line_signs_in_and_stays_signed_in coralogix_page",
    ),
    ("COR-63", "cor62_cor63_cor64_a_vendors_command_line_signs_in_and_stays_signed_in"),
    (
        "COR-64",
        "cor62_cor63_cor64_a_vendors_command_line_signs_in_and_stays_signed_in cor65_a_loopback_host_is_compared_and_a_public_clients_port_is_free",
    ),
    // The port is free for public clients (RFC 8252), exact for confidential ones.
    ("COR-65", "cor65_a_loopback_host_is_compared_and_a_public_clients_port_is_free"),
    // Public clients always rotate. Where rotation is off, the answer repeats the token that is kept.
    (
        "COR-66",
        "cor62_cor63_cor64_a_vendors_command_line_signs_in_and_stays_signed_in cor66_with_rotation_off_the_client_keeps_its_refresh_token",
    ),
    // An id is generated unless it is chosen; it is no UUID. The clients of this server are there from
    // the start.
    (
        "COR-67",
        "rel16_rel18_rel19_the18_ids_and_secrets_are_generated_and_told_once the05_rel17_the_default_clients_are_there_and_marked",
    ),
    (
        "COR-68",
        "cor62_cor63_cor64_a_vendors_command_line_signs_in_and_stays_signed_in f06_a_family_ends_absolutely_and_by_idling",
    ),
    // Nothing registers itself (COR-54): an agent is registered beforehand.
    (
        "COR-69",
        "cor69_one_team_a_connection_and_another_team_is_another_connection rlt39_cor54_what_is_not_available",
    ),
    (
        "COR-70",
        "cor70_the_password_never_reaches_the_client_and_a_disabled_account_ends_its_access the36_a_policy_has_it_set_up_while_an_application_waits_and_the_id_token_tells somebody_removed_from_a_team_loses_it_in_the_next_introspection",
    ),
    (
        "COR-71",
        "cor71_sessions_end_as_the_settings_say_in_the_next_request_on_every_node refuses_settings_out_of_bounds_stale_or_without_the_right",
    ),
    (
        "COR-72",
        "l08_tells_each_change_once_with_who_when_from_and_to who_audits_one_team_reads_the_trail_of_its_clients_alone a_manager_without_the_right_sees_no_trail",
    ),
    (
        "REL-8",
        "rel08_a_token_acts_for_the_context_user_and_says_who_acts rel08_refuses_a_context_user_on_another_grant_or_of_nobody rel08_cor4_what_a_service_changes_is_told_under_its_context_user rel08_shows_the_services_that_act_as_me_and_whom_to_ask",
    ),
    ("REL-22", "l08_tells_each_change_once_with_who_when_from_and_to"),
    ("REL-37", "rel37_the_trail_has_every_column"),
    ("REL-49", "rel49_each_right_over_clients_opens_its_own_door_and_no_other"),
    (
        "RLT-1",
        "rel47_rlt2_rlt4_rlt5_rlt30_what_each_flow_gives rel08_a_token_acts_for_the_context_user_and_says_who_acts",
    ),
    // The user that is shown is the client itself, under its id, with the teams it holds roles in.
    (
        "RLT-31",
        "rlt31_without_a_person_the_client_itself_is_shown rlt59_a_role_reaches_the_place_it_is_held_in",
    ),
    ("RLT-50", "rlt50_several_clients_at_once_are_all_or_none"),
    (
        "RLT-51",
        "rlt50_several_clients_at_once_are_all_or_none reltio_page rel8_rlt51_a_client_acts_for_a_person_or_under_roles_of_its_own_never_both",
    ),
    ("RLT-52", "rlt50_several_clients_at_once_are_all_or_none reltio_page"),
    ("RLT-53", "rlt53_a_put_empties_what_it_does_not_name_and_keeps_the_secret"),
    ("RLT-54", "rlt54_another_role_list_or_secret_ends_the_tokens"),
    (
        "RLT-55",
        "rlt55_who_may_reset_a_secret_there_resets_none_that_reaches_further rlt55_a_manager_of_one_team_does_not_reset_a_wider_secret",
    ),
    ("RLT-56", "rlt56_rlt57_a_clients_tokens_end_and_a_deleted_client_stays_away"),
    ("RLT-57", "rlt56_rlt57_a_clients_tokens_end_and_a_deleted_client_stays_away"),
    // The organization is a filter of the list, not a page before it.
    (
        "RLT-58",
        "rlt58_a_client_tells_its_history every_setting_of_the_contract_can_be_typed filters_live_in_the_address",
    ),
    // A role has no scope of its own: where it is held says how far it reaches.
    ("RLT-59", "rlt59_a_role_reaches_the_place_it_is_held_in"),
    // Length and a list of common passwords instead of classes of characters; a growing wait instead of
    // a lock; a session ends when idle and when old.
    (
        "RLT-60",
        "rlt60_refuses_a_password_that_is_easy_to_guess k02_never_shuts_the_rightful_owner_out k02_throttles_two_hundred_guesses_under_every_spelling k02_wrong_codes_are_told_to_wait cor71_sessions_end_as_the_settings_say_in_the_next_request_on_every_node",
    ),
    // There is one sign-on profile, the built-in one: other places to sign in are not there yet.
    (
        "THE-36",
        "the_36_the_highest_priority_that_is_for_a_person_decides_and_the_default_for_everybody_else the_36_is_for_people_for_teams_and_for_roles the_36_a_policy_decides_how_long_sessions_last the_36_policies_and_settings_carry_profile_and_second_factor the36_a_policy_asks_for_a_second_factor_and_it_is_set_up_while_signing_in the_36_the_default_always_applies_and_cannot_be_deleted the_36_a_denial_is_told_only_after_the_right_password_and_stands_in_the_trail",
    ),
    // Five roles and our own permissions; the mightiest is fixed, so that somebody may always do all.
    (
        "THE-37",
        "the_37_built_in_roles_can_be_edited_but_not_renamed_and_not_deleted the_37_built_in_roles_are_edited_and_never_deleted_and_the_mightiest_stays_as_it_is",
    ),
    // An entry is written with what it tells of, so that none is in progress.
    (
        "THE-38",
        "the_38_counts_total_successful_refused_and_the_rate_by_category_and_action the_38_counts_a_week_unless_told_and_90_days_at_most the_38_every_number_of_the_overview_leads_to_the_entries_it_counts",
    ),
    (
        "THE-39",
        "the_39_lists_people_with_status_source_and_creation_by_part_of_a_name_page_by_page the_39_the_list_shows_name_address_status_source_and_creation_and_is_narrowed_in_the_url",
    ),
];

/// Which rows there are: the first and the last number of each stretch.
const STRETCHES: [Stretch; 13] = [
    ("COR", 1, 9),
    ("COR", 14, 15),
    ("COR", 37, 41),
    ("COR", 53, 53),
    ("COR", 60, 72),
    ("REL", 8, 8),
    ("REL", 22, 22),
    ("REL", 37, 37),
    ("REL", 49, 49),
    ("RLT", 1, 1),
    ("RLT", 31, 31),
    ("RLT", 50, 60),
    ("THE", 36, 39),
];

#[test]
fn every_row_of_people_names_tests_that_are_there() {
    shown_by_tests("Each row of a person is shown by a test.", &ROWS);
}

#[test]
fn no_row_of_people_is_left_out() {
    is_whole(&ROWS, &STRETCHES);
}
