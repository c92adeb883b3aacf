//! What was just done, told once by the page that follows. The address bar carries a word of
//! ours, never a sentence of somebody else's.

use axum::response::Response;

use super::query::Query;
use crate::web::page;

/// Word and sentence.
const TOLD: &[(&str, &str)] = &[
    ("saved", "Saved. It holds from the next request."),
    ("undone", "Undone. It is as it was before, from the next request."),
    ("unchanged", "Nothing was different, so nothing was changed."),
    ("disabled", "Disabled. It gets no tokens, and those it had have ended."),
    ("enabled", "Enabled. It may get tokens again; those that ended stay dead."),
    ("tokens-revoked", "Revoked. Every token of this client has ended."),
    ("token-revoked", "Revoked. That token has ended."),
    ("secret-retired", "Retired. That secret opens nothing any more."),
    ("deleted", "Deleted for good. Its tokens have ended, and its ID is never given again."),
    ("deleted-all", "Deleted for good, all of them. Their tokens have ended."),
    ("disabled-all", "Disabled, all of them. Their tokens have ended."),
    ("scope-added", "Added. Tick it under the Settings of the clients that may ask for it."),
    ("scope-saved", "Saved. People read it at their next consent."),
    ("scope-deleted", "Deleted. No client held it."),
    ("user-disabled", "Disabled. They are signed out everywhere, and what acted for them ended."),
    ("user-locked", "Locked. They are signed out everywhere, and what acted for them ended."),
    ("permission-added", "Defined. Put it into a role to give it to somebody."),
    ("permission-deleted", "Deleted. No role held it."),
    ("user-enabled", "Enabled. They may sign in again."),
    ("team-added", "Added. Now add the people who work in it."),
    ("team-deleted", "Deleted. What anybody held there has ended."),
    ("organization-added", "Added. Now give it its teams."),
    ("organization-deleted", "Deleted."),
    ("role-added", "Defined. Now give it to somebody, on their page or in a team."),
    ("role-changed", "Saved. Whoever holds it may do that from their next request."),
    ("role-deleted", "Deleted. Nobody held it."),
    ("role-given", "Given. It counts from their next request."),
    ("role-taken", "Taken away. It counts from their next request."),
    ("user-deleted", "Deleted for good, with all that acted for them."),
    ("user-changed", "Saved."),
    ("user-addresses", "Saved. It counts from their next sign-in."),
    ("second-factor-reset", "Reset. They are asked for no code, or to set up another."),
    ("policy-added", "Added. It counts from the next sign-in of those it is for."),
    ("policy-changed", "Saved. It counts from the next sign-in of those it is for."),
    ("policy-deleted", "Deleted. The next policy that is for a person decides from now on."),
    ("session-ended", "Signed out. That browser has to sign in at its next request."),
    ("settings-saved", "Saved. It holds on every node from its next request on."),
    ("member-added", "Added. It holds from their next request."),
    ("member-removed", "Removed. They lost it everywhere at once, in every token too."),
];

/// The sentence behind the word in the query; nothing for a word that is not ours.
pub(super) fn told(query: &Query) -> Option<String> {
    let word = query.get("done")?;
    TOLD.iter().find(|(known, _)| *known == word).map(|(_, sentence)| (*sentence).to_owned())
}

/// On to the page at `path`, which tells it.
pub(super) fn done(path: &str, word: &'static str) -> Response {
    done_to(path, "", (word, &[]))
}

/// The same to the view of a list that `view` narrows, with what the page needs to know about it.
pub(super) fn done_to(
    path: &str,
    view: &str,
    (word, about): (&'static str, &[(&str, &str)]),
) -> Response {
    debug_assert!(TOLD.iter().any(|(known, _)| *known == word), "{word} has no sentence");
    let view = Query::sent(view).view();
    let joint = if view.is_empty() { "" } else { "&" };
    let told = form_urlencoded::Serializer::new(String::new())
        .append_pair("done", word)
        .extend_pairs(about)
        .finish();
    page::see_other(&format!("{path}?{view}{joint}{told}"))
}
