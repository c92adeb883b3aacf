//! The form of a sign-in policy: for whom it is, whether they may sign in, and how long they stay.
//! What was typed stays until it is right.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use domain::access::{ManageSettings, ReadRoles, ReadSettings};
use domain::accounts::policies::{
    self, Access, DEFAULT, Draft, Patch, Policy, Requirement, SignOnProfile, Subjects,
};
use domain::settings::{Number, SESSION_IDLE_LIFETIME, SESSION_LIFETIME};
use domain::{Fault, FieldError, Refusal, UserId, Work, accounts, roles};
use protocol::duration;

use super::done::done;
use super::places::Places;
use super::policies::{LIST, SECTION, page_of, refused};
use super::query::Query;
use super::views::PolicyForm;
use super::visitor::{Answer, Halt, Posted, Visitor};
use super::wrong::wrong;
use crate::web::form::Fields;
use crate::web::page;
use crate::web::views::{Choice, Errors};

/// The form as it stands.
#[derive(Default)]
pub(super) struct Typed {
    name: String,
    description: String,
    priority: String,
    access: String,
    sign_on_profile: String,
    second_factor: String,
    session_lifetime: String,
    session_idle_lifetime: String,
    /// E-mail addresses or ids, one a line.
    users: String,
    teams: Vec<String>,
    roles: Vec<String>,
    version: Option<i64>,
}

impl Typed {
    fn read(fields: &Fields) -> Self {
        let text = |name: &str| fields.text(name).to_owned();
        Self {
            name: text("name"),
            description: text("description"),
            priority: text("priority"),
            access: text("access"),
            sign_on_profile: text("sign_on_profile"),
            second_factor: text("second_factor"),
            session_lifetime: text("session_lifetime"),
            session_idle_lifetime: text("session_idle_lifetime"),
            users: text("users"),
            teams: fields.all("teams"),
            roles: fields.all("roles"),
            version: fields.filled("version").and_then(|version| version.parse().ok()),
        }
    }

    /// A stored policy as it would have been typed.
    async fn stored(work: &mut Work, policy: &Policy) -> Result<Self, Fault> {
        let spell = |seconds: Option<i64>| {
            let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
            seconds.map(duration::spell).unwrap_or_default()
        };
        let mut users = Vec::new();
        for id in &policy.assigned_to.users {
            let found = accounts::find(work, &UserId::new(id.as_str())).await?;
            users.push(found.map_or_else(|| id.clone(), |user| user.email));
        }
        Ok(Self {
            name: policy.name.clone(),
            description: policy.description.clone(),
            priority: policy.priority.to_string(),
            access: policy.access.as_str().into(),
            sign_on_profile: policy.sign_on_profile.as_str().into(),
            second_factor: policy.second_factor.as_str().into(),
            session_lifetime: spell(policy.session_lifetime),
            session_idle_lifetime: spell(policy.session_idle_lifetime),
            users: users.join("\n"),
            teams: policy.assigned_to.teams.clone(),
            roles: policy.assigned_to.roles.clone(),
            version: Some(policy.version),
        })
    }

    /// What it means, with the people behind the addresses.
    async fn draft(&self, work: &mut Work) -> Result<Draft, Refusal> {
        let mut errors = Vec::new();
        let mut read = |field: &str, text: &str| match text.trim() {
            "" => None,
            text => match duration::parse(text) {
                Ok(seconds) => Some(i64::try_from(seconds).unwrap_or(i64::MAX)),
                Err(refusal) => {
                    let message = refusal.to_string();
                    errors.push(FieldError { field: field.into(), message });
                    None
                }
            },
        };
        let session_lifetime = read("session_lifetime", &self.session_lifetime);
        let session_idle_lifetime = read("session_idle_lifetime", &self.session_idle_lifetime);
        let mut users = Vec::new();
        for line in self.users.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let found = accounts::find_by_email(work, line).await?;
            users.push(found.map_or_else(|| line.to_owned(), |user| user.id.to_string()));
        }
        let second_factor = Requirement::parse(&self.second_factor);
        if second_factor.is_none() {
            let message = "Choose one.".to_owned();
            errors.push(FieldError { field: "second_factor".into(), message });
        }
        let (Some(second_factor), true) = (second_factor, errors.is_empty()) else {
            return Err(Refusal::Invalid(errors));
        };
        Ok(Draft {
            name: self.name.clone(),
            description: self.description.clone(),
            priority: self.priority.trim().parse().unwrap_or_default(),
            access: Access::parse(&self.access).unwrap_or(Access::Deny),
            sign_on_profile: SignOnProfile::parse(&self.sign_on_profile).unwrap_or_default(),
            second_factor,
            session_lifetime,
            session_idle_lifetime,
            assigned_to: Subjects { users, teams: self.teams.clone(), roles: self.roles.clone() },
        })
    }
}

/// The form, empty.
pub(super) async fn new(visitor: Visitor, query: Query) -> Answer {
    visitor.may_everywhere::<ManageSettings>()?;
    if refused(&visitor).is_some() {
        return Ok(page::see_other(LIST));
    }
    let typed = Typed {
        access: "allow".into(),
        sign_on_profile: "local".into(),
        second_factor: "optional".into(),
        ..Typed::default()
    };
    let page = view(&visitor, None, (typed, Errors::default()), &query).await?;
    Ok(visitor.render(&page))
}

/// A new policy, or the form again.
pub(super) async fn create(Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<ManageSettings>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let typed = Typed::read(&fields);
    let made = match typed.draft(&mut work).await {
        Ok(draft) => policies::create(&mut work, visitor.call(), &may, draft).await,
        Err(refusal) => Err(refusal),
    };
    match made {
        Ok(_) => {
            work.commit().await?;
            Ok(done(LIST, "policy-added"))
        }
        Err(refusal) => {
            drop(work);
            let wrong = wrong(&visitor, refusal, "policy")?;
            again(&visitor, None, Some(typed), wrong).await
        }
    }
}

/// One policy: the form, or what it says for who only reads.
pub(super) async fn show(visitor: Visitor, Path(id): Path<String>, query: Query) -> Answer {
    if id == DEFAULT {
        return Ok(page::see_other(&page_of(DEFAULT)));
    }
    let typed = stored(&visitor, &id).await?;
    let page = view(&visitor, Some(&id), (typed, Errors::default()), &query).await?;
    Ok(visitor.render(&page))
}

/// The policy from the next sign-in on, or the form again.
pub(super) async fn change(Path(id): Path<String>, Posted { visitor, fields }: Posted) -> Answer {
    let may = visitor.may_everywhere::<ManageSettings>()?;
    let app = Arc::clone(&visitor.app);
    let mut work = app.instance.begin().await?;
    let typed = Typed::read(&fields);
    let changed = match typed.draft(&mut work).await {
        Ok(draft) => {
            let at = (id.as_str(), typed.version);
            policies::change(&mut work, visitor.call(), &may, at, patch(draft)).await
        }
        Err(refusal) => Err(refusal),
    };
    match changed {
        Ok(_) => {
            work.commit().await?;
            Ok(done(&page_of(&id), "policy-changed"))
        }
        Err(refusal) => {
            drop(work);
            let wrong = wrong(&visitor, refusal, "policy")?;
            again(&visitor, Some(&id), Some(typed), wrong).await
        }
    }
}

/// All of it.
fn patch(draft: Draft) -> Patch {
    Patch {
        name: Some(draft.name),
        description: Some(draft.description),
        priority: Some(draft.priority),
        access: Some(draft.access),
        sign_on_profile: Some(draft.sign_on_profile),
        second_factor: Some(draft.second_factor),
        session_lifetime: Some(draft.session_lifetime),
        session_idle_lifetime: Some(draft.session_idle_lifetime),
        users: Some(draft.assigned_to.users),
        teams: Some(draft.assigned_to.teams),
        roles: Some(draft.assigned_to.roles),
    }
}

/// The page once more, with what stands against it; as it is stored where nothing was typed.
pub(super) async fn again(
    visitor: &Visitor,
    id: Option<&str>,
    typed: Option<Typed>,
    (status, mut errors): (StatusCode, Errors),
) -> Answer {
    in_units(&mut errors);
    let typed = match (typed, id) {
        (Some(typed), _) => typed,
        (None, Some(id)) => stored(visitor, id).await?,
        (None, None) => Typed::default(),
    };
    let page = view(visitor, id, (typed, errors), &Query::default()).await?;
    Ok(visitor.render_with(status, &page))
}

/// The bounds of a duration in the words it is typed in.
fn in_units(errors: &mut Errors) {
    let spell = |seconds: i64| duration::spell(u64::try_from(seconds).unwrap_or_default());
    for error in &mut errors.0 {
        let is_bounds = error.message.starts_with("A whole number from");
        if let Some(number) = Number::named(&error.field).filter(|_| is_bounds) {
            let (least, most) = (spell(number.least), spell(number.most));
            error.message = format!("It can be from {least} to {most}.");
        }
    }
}

async fn stored(visitor: &Visitor, id: &str) -> Result<Typed, Halt> {
    let may = visitor.may_everywhere::<ReadSettings>()?;
    let mut work = visitor.app.instance.read();
    let policy = policies::show(&mut work, &may, id).await;
    let policy = policy.map_err(|refusal| visitor.halt(refusal))?;
    Ok(Typed::stored(&mut work, &policy).await?)
}

async fn view(
    visitor: &Visitor,
    id: Option<&str>,
    (typed, errors): (Typed, Errors),
    query: &Query,
) -> Result<PolicyForm, Halt> {
    let may = visitor.may_everywhere::<ReadSettings>()?;
    let mut work = visitor.app.instance.read();
    let usual = policies::show(&mut work, &may, DEFAULT).await;
    let usual = usual.map_err(|refusal| visitor.halt(refusal))?;
    let spell = |seconds: Option<i64>, number: &Number| {
        duration::spell(u64::try_from(seconds.unwrap_or(number.least)).unwrap_or_default())
    };
    let choice = |typed: &str, value: &str, label: &str, hint: &str| Choice {
        value: value.into(),
        label: label.into(),
        hint: hint.into(),
        chosen: typed == value,
        ..Choice::default()
    };
    let (access, second_factor) = (typed.access.as_str(), typed.second_factor.as_str());
    let action = id.map_or_else(|| LIST.to_owned(), page_of);
    Ok(PolicyForm {
        frame: visitor.frame(SECTION, query),
        exists: id.is_some(),
        access: vec![
            choice(access, "allow", "May sign in", "As is said below."),
            choice(access, "deny", "May not sign in", "Told so only after the right password."),
        ],
        second_factor: vec![
            choice(
                second_factor,
                "optional",
                "If they have one",
                "Whoever has set a second factor up is asked for a code.",
            ),
            choice(
                second_factor,
                "required",
                "Always",
                "Whoever has none sets one up when they next sign in.",
            ),
        ],
        requires_second_factor: second_factor == "required",
        sign_on_profiles: vec![choice(
            &typed.sign_on_profile,
            "local",
            "Local",
            "By a password that this server keeps. There is no other profile yet.",
        )],
        denies: typed.access == "deny",
        usual: spell(usual.session_lifetime, &SESSION_LIFETIME),
        usual_idle: spell(usual.session_idle_lifetime, &SESSION_IDLE_LIFETIME),
        teams: team_choices(visitor, &mut work, &typed.teams).await?,
        roles: role_choices(visitor, &mut work, &typed.roles).await?,
        name: typed.name,
        description: typed.description,
        priority: typed.priority,
        session_lifetime: typed.session_lifetime,
        session_idle_lifetime: typed.session_idle_lifetime,
        users: typed.users,
        version: typed.version.map(|version| version.to_string()).unwrap_or_default(),
        delete: format!("{action}/delete"),
        action,
        refused: refused(visitor),
        errors,
    })
}

/// Every team that the visitor sees, and those that are chosen already.
async fn team_choices(
    visitor: &Visitor,
    work: &mut Work,
    chosen: &[String],
) -> Result<Vec<Choice>, Halt> {
    let places = Places::of(visitor, work).await.map_err(|refusal| visitor.halt(refusal))?;
    let offered = places.teams.iter().map(|team| (team.id.clone(), places.spell(team)));
    Ok(choices(offered.collect(), chosen))
}

async fn role_choices(
    visitor: &Visitor,
    work: &mut Work,
    chosen: &[String],
) -> Result<Vec<Choice>, Halt> {
    let known = match visitor.authority.may::<ReadRoles>() {
        Ok(may) => roles::list(work, &may).await?,
        Err(_) => Vec::new(),
    };
    Ok(choices(known.into_iter().map(|role| (role.id, role.name)).collect(), chosen))
}

/// What is chosen stays in the form, also where it is not offered.
fn choices(mut offered: Vec<(String, String)>, chosen: &[String]) -> Vec<Choice> {
    for id in chosen {
        if offered.iter().all(|(known, _)| known != id) {
            offered.push((id.clone(), id.clone()));
        }
    }
    let choice = |(value, label): (String, String)| Choice {
        chosen: chosen.contains(&value),
        value,
        label,
        ..Choice::default()
    };
    offered.into_iter().map(choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_is_never_lost_by_saving() {
        let offered = vec![("a".to_owned(), "A".to_owned())];
        let shown = choices(offered, &["gone".to_owned()]);
        let told: Vec<_> = shown.iter().map(|it| (it.value.as_str(), it.chosen)).collect();
        assert_eq!(told, [("a", false), ("gone", true)]);
    }

    #[test]
    fn bounds_are_told_in_the_units_that_are_typed() {
        let message = "A whole number from 300 to 31536000 is needed.".to_owned();
        let wrong = FieldError { field: "session_lifetime".into(), message };
        let mut errors = crate::console::wrong::shown(vec![wrong]);
        in_units(&mut errors);
        assert_eq!(errors.of("session_lifetime"), Some("It can be from 5 minutes to 365 days."));
    }
}
