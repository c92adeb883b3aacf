//! What comes next: a pure function of the request and of what is known now.

use protocol::error::{Code, Error};
use protocol::prompt::{Prompt, Prompts};

/// What is known when the question is asked.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact that the decision reads")]
pub struct Facts<'a> {
    /// The prompts of the request.
    pub prompts: &'a Prompts,
    /// Its `max_age`, seconds.
    pub max_age: Option<i64>,
    /// Is somebody else expected than the person of this browser (`id_token_hint`)?
    pub expects_another: bool,
    /// Did the person of this browser sign in because this very request asked them to?
    pub signed_in_for_this: bool,
    /// Now.
    pub now: i64,
    /// When the person of this browser proved who they are; `None` without a session.
    pub authenticated_at: Option<i64>,
    /// Does a remembered consent cover the request?
    pub is_remembered: bool,
    /// May a remembered consent stand in for this client (its identity is assured)?
    pub may_be_silent: bool,
    /// Does the client ask its people at all?
    pub requires_consent: bool,
    /// Must a team be chosen?
    pub must_choose_team: bool,
}

/// What comes next.
#[derive(Debug)]
pub enum Step {
    /// The login page.
    SignIn,
    /// The consent page.
    Consent,
    /// A code.
    Issue,
    /// An error for the client.
    Refuse(Error),
}

/// Decides (OpenID Connect Core §3.1.2.1, §3.1.2.3, §3.1.2.6).
pub fn next_step(facts: &Facts<'_>) -> Step {
    let silent = facts.prompts.contains(Prompt::None);
    if facts.expects_another && facts.signed_in_for_this {
        return Step::Refuse(Error::new(Code::LoginRequired, "Another person was expected."));
    }
    if !is_signed_in(facts) {
        return if silent {
            Step::Refuse(Error::new(Code::LoginRequired, "The person has to sign in."))
        } else {
            Step::SignIn
        };
    }
    if must_ask(facts) {
        return if silent {
            Step::Refuse(Error::new(Code::ConsentRequired, "The person has to agree."))
        } else {
            Step::Consent
        };
    }
    Step::Issue
}

/// A session that is fresh enough for this request.
fn is_signed_in(facts: &Facts<'_>) -> bool {
    let Some(at) = facts.authenticated_at else { return false };
    let wants_fresh =
        facts.prompts.contains(Prompt::Login) || facts.prompts.contains(Prompt::SelectAccount);
    let too_old = facts.max_age.is_some_and(|age| facts.now - at > age);
    facts.signed_in_for_this || !(wants_fresh || too_old || facts.expects_another)
}

fn must_ask(facts: &Facts<'_>) -> bool {
    if facts.prompts.contains(Prompt::Consent) {
        return true;
    }
    if facts.is_remembered && facts.may_be_silent {
        return false;
    }
    facts.requires_consent || facts.must_choose_team || !facts.may_be_silent
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(prompts: &Prompts) -> Facts<'_> {
        Facts {
            prompts,
            max_age: None,
            expects_another: false,
            signed_in_for_this: false,
            now: 1_010,
            authenticated_at: Some(900),
            is_remembered: true,
            may_be_silent: true,
            requires_consent: true,
            must_choose_team: false,
        }
    }

    fn spell(facts: &Facts<'_>) -> String {
        match next_step(facts) {
            Step::SignIn => "sign in".into(),
            Step::Consent => "consent".into(),
            Step::Issue => "issue".into(),
            Step::Refuse(error) => error.code.as_str().into(),
        }
    }

    #[test]
    fn decides_by_prompt_session_and_consent() {
        type Edit = fn(&mut Facts<'_>);
        let table: &[(&str, Edit, &str)] = &[
            ("", |_| {}, "issue"),
            ("", |f| f.authenticated_at = None, "sign in"),
            ("", |f| f.is_remembered = false, "consent"),
            ("", |f| f.may_be_silent = false, "consent"),
            ("", |f| (f.is_remembered, f.requires_consent) = (false, false), "issue"),
            (
                "",
                |f| {
                    (f.is_remembered, f.requires_consent, f.must_choose_team) =
                        (false, false, true);
                },
                "consent",
            ),
            ("", |f| (f.requires_consent, f.may_be_silent) = (false, false), "consent"),
            ("none", |f| f.authenticated_at = None, "login_required"),
            ("none", |f| f.is_remembered = false, "consent_required"),
            ("none", |_| {}, "issue"),
            ("login", |_| {}, "sign in"),
            ("login", |f| f.signed_in_for_this = true, "issue"),
            ("", |f| f.expects_another = true, "sign in"),
            ("none", |f| f.expects_another = true, "login_required"),
            ("", |f| (f.expects_another, f.signed_in_for_this) = (true, true), "login_required"),
            ("consent", |_| {}, "consent"),
            ("select_account", |_| {}, "sign in"),
            ("", |f| f.max_age = Some(60), "sign in"),
            ("", |f| f.max_age = Some(600), "issue"),
            ("none", |f| f.max_age = Some(60), "login_required"),
            ("", |f| (f.max_age, f.signed_in_for_this) = (Some(0), true), "issue"),
        ];
        for (n, (prompt, edit, want)) in table.iter().enumerate() {
            let prompts = Prompts::parse(prompt).unwrap();
            let mut facts = facts(&prompts);
            edit(&mut facts);
            assert_eq!(spell(&facts), *want, "row {n}: prompt={prompt:?} {facts:?}");
        }
    }
}
