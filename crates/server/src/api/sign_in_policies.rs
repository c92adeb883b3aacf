//! `/sign-in-policies` and `/users/{id}/sign-in-policy`: who may sign in, by what, and how long they
//! stay.

use domain::access::{ManageSettings, ReadSettings};
use domain::accounts::policies::{
    self, Access, Draft, ListQuery, Patch, Policy, Requirement, SignOnProfile, Subjects,
};
use domain::{Refusal, UserId, accounts};
use serde_json::{Value, json};

use super::answer::Reply;
use super::body::{Fields, FromJson, Json};
use super::caller::Allowed;
use super::conditions::IfMatch;
use super::operation::{Operation, Parameter, Shape, Verb};
use super::problem::Answer;
use super::query::{CURSOR, FromQuery, Id, LIMIT, Query, Rehearsal, Values};

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    let all = |id| ("/sign-in-policies", id);
    let one = |id| ("/sign-in-policies/{id}", id);
    vec![
        Operation::new(Verb::Get, all("listSignInPolicies"), "List sign-in policies", list)
            .note("The highest priority first; the default, which is the settings of the server, ends the last page.")
            .answers(200, Shape::Page("SignInPolicy"), "A page of policies."),
        Operation::new(Verb::Post, all("createSignInPolicy"), "Add a sign-in policy", create)
            .note("The first policy that is for a person decides when they sign in. It takes somebody who may do everything; a platform administrator is never denied.")
            .answers(201, Shape::One("ChangedSignInPolicy"), "Added.")
            .answers(200, Shape::One("ChangedSignInPolicy"), "Tried only."),
        Operation::new(Verb::Get, one("getSignInPolicy"), "Read a sign-in policy", show)
            .note("`default` is the one that always applies.")
            .answers(200, Shape::One("SignInPolicy"), "The policy."),
        Operation::new(Verb::Patch, one("updateSignInPolicy"), "Change a sign-in policy", change)
            .note("From the next sign-in on. Sessions that are there stay as they were decided. The default is changed under `/settings`: 409.")
            .answers(200, Shape::One("ChangedSignInPolicy"), "The policy as it is now.")
            .conflicts(),
        Operation::new(Verb::Delete, one("deleteSignInPolicy"), "Delete a sign-in policy", delete)
            .note("The default cannot be deleted: 409.")
            .answers(204, Shape::Empty, "Deleted.")
            .answers(200, Shape::One("DryRun"), "Tried only.")
            .conflicts(),
        Operation::new(
            Verb::Get,
            ("/users/{id}/sign-in-policy", "getSignInPolicyOfUser"),
            "Read which policy decides when a person signs in",
            of_user,
        )
        .answers(200, Shape::One("SignInPolicy"), "The policy, or the default."),
    ]
}

fn shown(policy: &Policy) -> Value {
    let mut shown = policy.told();
    shown["id"] = json!(policy.id);
    shown["is_default"] = json!(policy.is_default());
    shown
}

impl FromQuery for ListQuery {
    const PARAMETERS: &'static [Parameter] = &[LIMIT, CURSOR];

    fn take(values: &mut Values) -> Self {
        Self { cursor: values.text("cursor"), limit: values.number("limit").unwrap_or_default() }
    }
}

impl FromJson for Draft {
    const SCHEMA: &'static str = "NewSignInPolicy";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        let mut fields = Fields::of(value)?;
        let name = fields.text("name");
        let access = Some(fields.text("access")).filter(|word| !word.is_empty());
        let profile = fields.perhaps_text("sign_on_profile");
        let second_factor = fields.perhaps_text("second_factor");
        let draft = Self {
            name,
            description: fields.perhaps_text("description").unwrap_or_default(),
            priority: fields.number_or("priority", None).unwrap_or_default(),
            access: access.and_then(|word| read_access(&mut fields, &word)).unwrap_or(Access::Deny),
            sign_on_profile: profile
                .and_then(|word| read_profile(&mut fields, &word))
                .unwrap_or_default(),
            second_factor: second_factor
                .and_then(|word| read_second_factor(&mut fields, &word))
                .unwrap_or(Requirement::Optional),
            session_lifetime: fields.number_or("session_lifetime", None),
            session_idle_lifetime: fields.number_or("session_idle_lifetime", None),
            assigned_to: Subjects {
                users: fields.perhaps_texts("users"),
                teams: fields.perhaps_texts("teams"),
                roles: fields.perhaps_texts("roles"),
            },
        };
        fields.done(draft)
    }
}

impl FromJson for Patch {
    const SCHEMA: &'static str = "SignInPolicyPatch";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        let mut fields = Fields::of(value)?;
        let access = fields.changed_text("access");
        let profile = fields.changed_text("sign_on_profile");
        let second_factor = fields.changed_text("second_factor");
        let number = |fields: &mut Fields, name: &str| {
            fields.has(name).then(|| fields.number_or(name, None))
        };
        let patch = Self {
            name: fields.changed_text("name"),
            description: fields.changed_text("description"),
            // No priority is no priority: the rule says what is needed.
            priority: number(&mut fields, "priority").map(Option::unwrap_or_default),
            access: access.and_then(|word| read_access(&mut fields, &word)),
            sign_on_profile: profile.and_then(|word| read_profile(&mut fields, &word)),
            second_factor: second_factor.and_then(|word| read_second_factor(&mut fields, &word)),
            session_lifetime: number(&mut fields, "session_lifetime"),
            session_idle_lifetime: number(&mut fields, "session_idle_lifetime"),
            users: fields.changed_texts("users"),
            teams: fields.changed_texts("teams"),
            roles: fields.changed_texts("roles"),
        };
        fields.done(patch)
    }
}

fn read_access(fields: &mut Fields, word: &str) -> Option<Access> {
    let refuse = || fields.refuse("access", "One of `allow`, `deny` is needed.");
    Access::parse(word).or_else(refuse)
}

fn read_profile(fields: &mut Fields, word: &str) -> Option<SignOnProfile> {
    let sentence = "There is one sign-on profile, `local`: passwords that are kept here.";
    SignOnProfile::parse(word).or_else(|| fields.refuse("sign_on_profile", sentence))
}

fn read_second_factor(fields: &mut Fields, word: &str) -> Option<Requirement> {
    let refuse = || fields.refuse("second_factor", "One of `optional`, `required` is needed.");
    Requirement::parse(word).or_else(refuse)
}

async fn list(to: Allowed<ReadSettings>, Query(query): Query<ListQuery>) -> Answer {
    let page = policies::list(&mut to.read(), &to.may, &query).await?;
    Ok(Reply::page(page.items.iter().map(shown).collect(), page.next_cursor).send())
}

async fn show(to: Allowed<ReadSettings>, Id(id): Id) -> Answer {
    let policy = policies::show(&mut to.read(), &to.may, &id).await?;
    Ok(Reply::ok(shown(&policy)).version(policy.version).send())
}

async fn of_user(to: Allowed<ReadSettings>, Id(id): Id) -> Answer {
    let (mut work, id) = (to.read(), UserId::new(id));
    accounts::show(&mut work, &to.may.authority().may()?, &id).await?;
    let policy = policies::applying_to(&mut work, &to.may, &id).await?;
    Ok(Reply::ok(shown(&policy)).send())
}

async fn create(
    to: Allowed<ManageSettings>,
    Query(query): Query<Rehearsal>,
    Json(draft): Json<Draft>,
) -> Answer {
    let mut work = to.begin().await?;
    let policy = policies::create(&mut work, &to.call, &to.may, draft).await?;
    Reply::created(&to.app, &format!("/sign-in-policies/{}", policy.id), shown(&policy))
        .version(policy.version)
        .after(work, query.dry_run)
        .await
}

async fn change(
    to: Allowed<ManageSettings>,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Query(query): Query<Rehearsal>,
    Json(patch): Json<Patch>,
) -> Answer {
    let mut work = to.begin().await?;
    let after = policies::change(&mut work, &to.call, &to.may, (&id, version), patch).await?;
    Reply::ok(shown(&after)).version(after.version).after(work, query.dry_run).await
}

async fn delete(to: Allowed<ManageSettings>, Id(id): Id, Query(query): Query<Rehearsal>) -> Answer {
    let mut work = to.begin().await?;
    policies::delete(&mut work, &to.call, &to.may, &id).await?;
    Reply::gone().after(work, query.dry_run).await
}
