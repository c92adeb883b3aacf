//! `/bindings`: who holds which role where. They are made and taken, never changed.

use domain::access::{ManageRoles, Place, ReadRoles};
use domain::roles::{self, Binding, ListQuery, NewBinding};
use domain::{Refusal, Work, tokens};
use serde_json::{Value, json};

use super::answer::Reply;
use super::body::{Fields, FromJson, Json};
use super::caller::Allowed;
use super::operation::{Operation, Parameter, Shape, Type, Verb};
use super::problem::Answer;
use super::query::{CURSOR, DRY_RUN, FromQuery, Id, LIMIT, Query, Rehearsal, Values};

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Verb::Get, ("/bindings", "listBindings"), "List who holds which role", list)
            .answers(
                200,
                Shape::Page("Binding"),
                "A page of those in the places that the token reaches.",
            ),
        Operation::new(
            Verb::Post,
            ("/bindings", "createBinding"),
            "Give a role in a place",
            create,
        )
        .note("Counts from the next request on. Nobody gives more than they hold in that place. `revoke_tokens` needs `token:revoke` too.")
        .answers(201, Shape::One("CreatedBinding"), "Given.")
        .answers(200, Shape::One("CreatedBinding"), "Tried only.")
        .conflicts(),
        Operation::new(
            Verb::Delete,
            ("/bindings/{id}", "deleteBinding"),
            "Take a role away",
            delete,
        )
        .note("Counts from the next request on. The last platform administrator stays. `revoke_tokens` needs `token:revoke` too.")
        .answers(204, Shape::Empty, "Taken.")
        .answers(200, Shape::One("DryRun"), "Tried only.")
        .conflicts(),
    ]
}

fn shown(binding: &Binding) -> Value {
    let place = binding.place.told();
    json!({ "id": binding.id, "subject": binding.subject, "role": binding.role, "place": place })
}

impl FromQuery for ListQuery {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::query("subject", Type::Text, "Only of this person or client."),
        Parameter::query("role", Type::Text, "Only of this role."),
        LIMIT,
        CURSOR,
    ];

    fn take(values: &mut Values) -> Self {
        Self {
            subject: values.text("subject"),
            role: values.text("role"),
            cursor: values.text("cursor"),
            limit: values.number("limit").unwrap_or_default(),
        }
    }
}

/// A role to be given, and whether what the holder has alive is to end with it.
struct Gift {
    new: NewBinding,
    revoke_tokens: bool,
}

impl FromJson for Gift {
    const SCHEMA: &'static str = "NewBinding";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        let mut fields = Fields::of(value)?;
        let place = fields.value("place").as_ref().and_then(place);
        let place = place.or_else(|| {
            let needed =
                "One of {\"instance\": true}, {\"organization\": id}, {\"team\": id} is needed.";
            fields.refuse("place", needed)
        });
        let (subject, role) = (fields.text("subject"), fields.text("role"));
        let revoke_tokens = fields.flag("revoke_tokens");
        // The stand-in is never used: a missing place was complained about.
        let place = place.unwrap_or(Place::Team(String::new()));
        fields.done(Self { new: NewBinding { subject, role, place }, revoke_tokens })
    }
}

/// Exactly one place.
fn place(value: &Value) -> Option<Place> {
    let mut members = value.as_object()?.iter();
    let ((name, value), None) = (members.next()?, members.next()) else { return None };
    match (name.as_str(), value) {
        ("instance", Value::Bool(true)) => Some(Place::Instance),
        ("organization", Value::String(id)) => Some(Place::Organization(id.clone())),
        ("team", Value::String(id)) => Some(Place::Team(id.clone())),
        _ => None,
    }
}

async fn list(to: Allowed<ReadRoles>, Query(query): Query<ListQuery>) -> Answer {
    let page = roles::list_bindings(&mut to.read(), &to.may, &query).await?;
    Ok(Reply::page(page.items.iter().map(shown).collect(), page.next_cursor).send())
}

async fn create(
    to: Allowed<ManageRoles>,
    Query(query): Query<Rehearsal>,
    Json(Gift { new, revoke_tokens }): Json<Gift>,
) -> Answer {
    let mut work = to.begin().await?;
    let binding = roles::bind(&mut work, &to.call, &to.may, new).await?;
    if revoke_tokens {
        end_tokens(&to, &mut work, &binding).await?;
    }
    Reply::created(&to.app, &format!("/bindings/{}", binding.id), shown(&binding))
        .after(work, query.dry_run)
        .await
}

/// How a role is taken.
struct Taking {
    revoke_tokens: bool,
    dry_run: bool,
}

impl FromQuery for Taking {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::query("revoke_tokens", Type::Flag, "End what the holder has alive, too."),
        DRY_RUN,
    ];

    fn take(values: &mut Values) -> Self {
        let mut flag = |name: &str| values.flag(name).unwrap_or_default();
        Self { revoke_tokens: flag("revoke_tokens"), dry_run: flag("dry_run") }
    }
}

async fn delete(to: Allowed<ManageRoles>, Id(id): Id, Query(query): Query<Taking>) -> Answer {
    let mut work = to.begin().await?;
    let binding = roles::unbind(&mut work, &to.call, &to.may, &id).await?;
    if query.revoke_tokens {
        end_tokens(&to, &mut work, &binding).await?;
    }
    Reply::gone().after(work, query.dry_run).await
}

/// Ends what the holder has alive, in the work of the change.
async fn end_tokens(
    to: &Allowed<ManageRoles>,
    work: &mut Work,
    binding: &Binding,
) -> Result<(), Refusal> {
    let may = to.may.authority().may()?;
    tokens::end_tokens_of_holder(work, &to.call, &may, &binding.subject).await
}
