//! The form of a client as it is shown: what may be chosen here, by this person, now. One form
//! for a new client and for its settings.

use std::collections::BTreeMap;

use domain::access::{Reach, definition};
use domain::clients::{GrantType, TeamSelection, TokenFormat};
use domain::scopes::{self, Scope, ScopeKind};
use domain::{FieldError, Policy, Refusal, Work, accounts};

use super::typed::{Shown, Typed};
use super::words::{self, Usual};
use crate::console::places::Places;
use crate::console::views::{ClientForm, TeamGroup};
use crate::console::visitor::Visitor;
use crate::web::views::{self, Choice, Errors};

/// What a form is made in.
pub(super) struct Surroundings {
    places: Places,
    scopes: Vec<Scope>,
    policy: Policy,
    /// May the client belong to the instance itself?
    everywhere: bool,
    /// Permissions this person cannot hand on, with the reason.
    beyond: BTreeMap<String, String>,
}

impl Surroundings {
    /// What `visitor` may choose from; `permission` is the one they use.
    pub async fn of(visitor: &Visitor, work: &mut Work, permission: &str) -> Result<Self, Refusal> {
        let mut scopes = scopes::list(work).await?;
        scopes.sort_by_key(order);
        let authority = &visitor.authority;
        let is_beyond = |scope: &&Scope| {
            definition(&scope.name).is_some() && authority.reach(&scope.name).is_none()
        };
        let why = "You do not hold this permission yourself.";
        let beyond = scopes.iter().filter(is_beyond).map(|it| (it.name.clone(), why.to_owned()));
        Ok(Self {
            beyond: beyond.collect(),
            places: Places::of(visitor, work).await?,
            scopes,
            policy: visitor.app.instance.policy().clone(),
            everywhere: authority.reach(permission) == Some(Reach::Everywhere),
        })
    }

    /// Which fields the form shows.
    pub fn shown(&self) -> Shown {
        let places = !self.places.organizations.is_empty();
        let owner_team = !self.places.teams.is_empty();
        Shown { organization: places, owner_team, places, verified: self.everywhere }
    }

    /// The organization a new client begins in: none, or the only one there is to choose.
    pub fn home(&self) -> String {
        match self.places.organizations.as_slice() {
            [only] if !self.everywhere => only.id.clone(),
            _ => String::new(),
        }
    }

    /// The form around what is typed. `is_new`: the client ID may still be chosen.
    pub fn form(
        &self,
        typed: &Typed,
        (is_new, (usual, advice)): (bool, Usual),
        errors: Errors,
    ) -> ClientForm {
        ClientForm {
            client_id: is_new.then(|| typed.client_id.clone()),
            client_name: typed.client_name.clone(),
            description: typed.description.clone(),
            contacts: typed.contacts.clone(),
            organization: self.organizations(typed),
            owner_team: self.owner_teams(typed),
            confidential: confidential(typed),
            grants: self.grants(typed),
            grants_summary: summary(typed),
            team_selection: team_selection(typed),
            team_groups: self.team_groups(typed),
            access: access(typed),
            scopes: self.scope_choices(typed),
            context_user: typed.context_user.clone(),
            access_token_lifetime: typed.access_token_lifetime.clone(),
            lifetime_advice: advice.to_owned(),
            lifetime_usual: usual.to_owned(),
            access_token_format: formats(typed),
            refresh: Choice {
                value: GrantType::RefreshToken.as_str().into(),
                chosen: typed.has(GrantType::RefreshToken),
                ..Choice::default()
            },
            refresh_token_lifetime: typed.refresh_token_lifetime.clone(),
            pkce: pkce(typed),
            require_consent: typed.require_consent,
            trusted_ips: typed.trusted_ips.clone(),
            redirect_uris: typed.redirect_uris.clone(),
            post_logout_redirect_uris: typed.post_logout_redirect_uris.clone(),
            more: typed.more.shown(self.everywhere, &errors),
            high_risk: errors.of("confirm_high_risk").is_some(),
            high_risk_above: u32::try_from(self.policy.high_risk_lifetime).unwrap_or(u32::MAX),
            errors,
        }
    }

    fn organizations(&self, typed: &Typed) -> Vec<Choice> {
        if self.places.organizations.is_empty() {
            return Vec::new();
        }
        let instance = self
            .everywhere
            .then(|| picked("", "The whole instance", "", typed.organization.is_empty()));
        let all = self.places.organizations.iter();
        let all = all.map(|it| picked(&it.id, &it.name, "", typed.organization == it.id));
        instance.into_iter().chain(all).collect()
    }

    fn owner_teams(&self, typed: &Typed) -> Vec<Choice> {
        if self.places.teams.is_empty() {
            return Vec::new();
        }
        let nobody = picked("", "Nobody in particular", "", typed.owner_team.is_empty());
        let all = self.places.teams.iter();
        let all =
            all.map(|it| picked(&it.id, &self.places.spell(it), "", typed.owner_team == it.id));
        std::iter::once(nobody).chain(all).collect()
    }

    fn team_groups(&self, typed: &Typed) -> Vec<TeamGroup> {
        let group = |home: &domain::teams::Organization| TeamGroup {
            organization: picked(&home.id, &home.name, "", typed.organizations.contains(&home.id)),
            teams: (self.places.teams.iter().filter(|team| team.organization == home.id))
                .map(|team| picked(&team.id, &team.name, "", typed.teams.contains(&team.id)))
                .collect(),
        };
        self.places.organizations.iter().map(group).collect()
    }

    fn grants(&self, typed: &Typed) -> Vec<Choice> {
        let choice = |(grant, hint): (GrantType, &str)| {
            let is_off = match grant {
                GrantType::Password => !self.policy.legacy_password,
                GrantType::Implicit => !self.policy.legacy_implicit,
                _ => false,
            };
            let chosen = typed.has(grant);
            Choice {
                refused: (is_off && !chosen)
                    .then(|| "Switched off on this server (legacy_grants).".to_owned()),
                ..picked(grant.as_str(), words::grant(grant), hint, chosen)
            }
        };
        let all = [
            (GrantType::AuthorizationCode, "People sign in here and allow it."),
            (GrantType::ClientCredentials, "It works on its own, with its secret."),
            (
                GrantType::Password,
                "It handles people's passwords. Only for what cannot be changed.",
            ),
            (
                GrantType::Implicit,
                "Tokens in the address of a page. Only for what cannot be changed.",
            ),
        ];
        all.into_iter().map(choice).collect()
    }

    fn scope_choices(&self, typed: &Typed) -> Vec<Choice> {
        let known = self.scopes.iter().map(|scope| {
            let chosen = typed.scopes.contains(&scope.name);
            let writes = scope.kind == ScopeKind::Write;
            let hint = if writes {
                format!("{}. Writes: needs full access.", scope.description.trim_end_matches('.'))
            } else {
                scope.description.clone()
            };
            let refused = self.beyond.get(&scope.name).filter(|_| !chosen).cloned();
            Choice { refused, ..picked(&scope.name, &scope.name, &hint, chosen) }
        });
        let is_gone = |name: &&String| !self.scopes.iter().any(|scope| scope.name == **name);
        let gone = typed.scopes.iter().filter(is_gone);
        let gone = gone.map(|name| picked(name, name, "There is no such scope any more.", true));
        gone.chain(known).collect()
    }
}

/// Identity first, then what acts for the person, then what the operator added, then management.
fn order(scope: &Scope) -> (u8, String) {
    let rank = match scope {
        it if it.kind == ScopeKind::Identity => 0,
        it if it.name.starts_with("as_user:") => 1,
        it if it.is_offered() => 2,
        _ => 3,
    };
    (rank, scope.name.clone())
}

/// The person whom an e-mail address or an id names. An address counts only where the visitor may
/// see people, or where it is their own: nobody finds out here who exists.
pub(super) async fn find_context_user(
    visitor: &Visitor,
    work: &mut Work,
    text: &str,
) -> Result<Result<String, FieldError>, Refusal> {
    let text = text.trim();
    if !text.contains('@') {
        return Ok(Ok(text.to_owned()));
    }
    let me = &visitor.signed_in.user;
    let found = if visitor.holds::<domain::access::ReadUsers>() {
        accounts::find_by_email(work, text).await?
    } else {
        (me.email.eq_ignore_ascii_case(text)).then(|| me.clone())
    };
    Ok(found.map(|user| user.id.to_string()).ok_or_else(|| FieldError {
        field: "context_user".into(),
        message: "You see nobody with this e-mail address.".into(),
    }))
}

/// A right that is missing for what the form asks, on the field that asks for it.
pub(super) fn beyond(missing: &str, because: &str) -> FieldError {
    let is_place = because.contains("organization or owner team");
    let field = match missing {
        "user:update" => "context_user",
        _ if is_place => "organization",
        _ => "scopes",
    };
    FieldError { field: field.into(), message: format!("{because} ({missing})") }
}

/// The rules' errors as the form's, in the order of its fields; each on a field that is shown.
pub(super) fn errors(found: Vec<FieldError>) -> Errors {
    const ORDER: [&str; 21] = [
        "client_name",
        "description",
        "organization",
        "owner_team",
        "contacts",
        "client_id",
        "confidential",
        "grant_types",
        "pkce",
        "team_selection",
        "team_restrictions",
        "access",
        "scopes",
        "context_user",
        "access_token_lifetime",
        "access_token_format",
        "refresh_token_lifetime",
        "trusted_ips",
        "redirect_uris",
        "post_logout_redirect_uris",
        "confirm_high_risk",
    ];
    let place = |field: &str| ORDER.iter().position(|it| *it == field).unwrap_or(ORDER.len());
    let mut errors: Vec<views::FieldError> = found
        .into_iter()
        .map(|it| views::FieldError { field: shown_at(&it.field).into(), message: it.message })
        .collect();
    errors.sort_by_key(|error| place(&error.field));
    Errors(errors)
}

/// The field of the form that an error belongs to.
fn shown_at(field: &str) -> &str {
    match field {
        "auth_methods" | "client_secret" => "confidential",
        other => other,
    }
}

fn picked(value: &str, label: &str, hint: &str, chosen: bool) -> Choice {
    Choice { value: value.into(), label: label.into(), hint: hint.into(), chosen, refused: None }
}

fn confidential(typed: &Typed) -> Vec<Choice> {
    vec![
        picked("true", "Confidential", "Keeps a secret on a server.", typed.confidential),
        picked("false", "Public", "No secret; proves itself with PKCE.", !typed.confidential),
    ]
}

fn team_selection(typed: &Typed) -> Vec<Choice> {
    let is = |it: TeamSelection| typed.team_selection == it.as_str();
    let (single, multiple) = (TeamSelection::Single, TeamSelection::Multiple);
    vec![
        picked(single.as_str(), "One team", "The person picks exactly one.", is(single)),
        picked(multiple.as_str(), "Several teams", "Any of those they belong to.", is(multiple)),
    ]
}

fn access(typed: &Typed) -> Vec<Choice> {
    let full = typed.access == "full";
    vec![
        picked("read_only", "Read only", "It can look, and change nothing.", !full),
        picked("full", "Full access", "It can also change and delete.", full),
    ]
}

fn formats(typed: &Typed) -> Vec<Choice> {
    let is = |it: TokenFormat| typed.access_token_format == it.as_str();
    let (opaque, jwt) = (TokenFormat::Opaque, TokenFormat::Jwt);
    vec![
        picked(opaque.as_str(), "Opaque", "Ends at once when revoked.", is(opaque)),
        picked(
            jwt.as_str(),
            "JWT",
            "APIs check it offline, so it lives until it expires.",
            is(jwt),
        ),
    ]
}

fn pkce(typed: &Typed) -> Vec<Choice> {
    let optional = typed.pkce == "optional";
    vec![
        picked("required", "Required", "", !optional),
        picked("optional", "Optional", "For old confidential software only.", optional),
    ]
}

fn summary(typed: &Typed) -> String {
    let ticked = GrantType::ALL.iter().filter(|grant| typed.has(**grant));
    let words: Vec<String> = ticked.map(|grant| words::grant(*grant).to_lowercase()).collect();
    if words.is_empty() { "nothing is chosen yet".into() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_stand_in_the_order_of_the_form() {
        let error = |field: &str| FieldError { field: field.into(), message: "x".into() };
        let found = ["confirm_high_risk", "default_scopes", "client_name", "claims"].map(error);
        let fields: Vec<String> =
            errors(found.to_vec()).0.into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["client_name", "confirm_high_risk", "default_scopes", "claims"]);
    }
}
