//! `/clients`: OAuth clients, listed, registered, read, changed, deleted, their tokens revoked.

use domain::access::{
    Access, CreateClients, DeleteClients, ReadClients, RevokeTokens, UpdateClients,
};
use domain::clients::{self, Client, ClientType, Draft, GrantType, ListQuery, Sort};
use domain::{Fault, Refusal, Work};
use serde_json::{Value, json};

use super::answer::{Reply, instant, perhaps_instant};
use super::body::{Fields, FromJson, Json};
use super::caller::Allowed;
use super::conditions::{IdempotencyKey, IfMatch};
use super::operation::{Operation, Parameter, Shape, Type, Verb};
use super::problem::Answer;
use super::query::{CURSOR, DRY_RUN, FromQuery, Id, LIMIT, Query, Rehearsal, Values};

/// The operations of this noun.
pub(super) fn operations() -> Vec<Operation> {
    let at = |id| ("/clients/{id}", id);
    vec![
        Operation::new(Verb::Get, ("/clients", "listClients"), "List clients", list)
            .answers(200, Shape::Page("Client"), "A page of the clients that the token reaches."),
        Operation::new(Verb::Post, ("/clients", "createClient"), "Register a client", create)
            .note("Fields that are left out take the defaults of the client's `type`.")
            .answers(201, Shape::One("CreatedClient"), "Registered. A confidential client comes with its secret, this once.")
            .answers(200, Shape::One("CreatedClient"), "Registered before under this idempotency key, or tried only.")
            .conflicts(),
        Operation::new(Verb::Post, ("/clients/bulk-delete", "deleteClients"), "Delete clients, all or none", delete_many)
            .note("Up to 500 at once; an id named twice is one. Missing ids and system clients refuse all.")
            .answers(200, Shape::One("Deleted"), "Deleted.")
            .conflicts(),
        Operation::new(Verb::Get, at("getClient"), "Read a client", show)
            .answers(200, Shape::One("Client"), "The client."),
        Operation::new(Verb::Patch, at("updateClient"), "Change a client", change)
            .note("A merge patch (RFC 7396): null takes the default of the client's type.")
            .answers(200, Shape::One("ChangedClient"), "The client as it is now.")
            .conflicts(),
        Operation::new(Verb::Delete, at("deleteClient"), "Delete a client for good", delete)
            .note("Its tokens die at once; its id is never given again. System clients are not deleted.")
            .answers(204, Shape::Empty, "Deleted.")
            .answers(200, Shape::One("DryRun"), "Tried only.")
            .conflicts(),
        Operation::new(
            Verb::Post,
            ("/clients/{id}/revoke-tokens", "revokeTokensOfClient"),
            "End every token of a client",
            revoke_tokens,
        )
        .answers(200, Shape::One("ChangedClient"), "Every token it had is dead; it may ask for new ones."),
    ]
}

/// A client in the shape of the contract.
pub(super) fn shown(client: &Client) -> Value {
    let mut value = client.snapshot();
    let reasons: Vec<Value> = client
        .risk
        .reasons
        .iter()
        .map(|reason| json!({ "code": reason.as_str(), "points": reason.points(), "detail": reason.sentence() }))
        .collect();
    let more = json!({
        "risk": { "score": client.risk.score, "reasons": reasons },
        "created_at": instant(client.created_at),
        "created_by": client.created_by,
        "updated_at": instant(client.updated_at),
        "updated_by": client.updated_by,
        "last_used_at": perhaps_instant(client.last_used_at),
    });
    if let (Some(value), Value::Object(more)) = (value.as_object_mut(), more) {
        value.extend(more);
    }
    value
}

/// The same with what there is to know of the person it acts for.
async fn whole(work: &mut Work, client: &Client) -> Result<Value, Fault> {
    let warnings = clients::warnings(work, client).await?;
    let warning = |it: &clients::Warning| json!({ "code": it.code, "detail": it.detail, "since": perhaps_instant(it.since) });
    let mut value = shown(client);
    value["warnings"] = warnings.iter().map(warning).collect();
    Ok(value)
}

impl FromQuery for ListQuery {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::query(
            "q",
            Type::Text,
            "Part of a name, an exact id, or the beginning of a redirect host.",
        ),
        Parameter::query("enabled", Type::Flag, "Only enabled or only paused ones."),
        Parameter::query(
            "type",
            Type::Word(&["user_authorized", "service", "sync_connector", "custom"]),
            "Only of this type.",
        ),
        Parameter::query("access", Type::Word(&["read_only", "full"]), "Only of this preset."),
        Parameter::query(
            "grant",
            Type::Word(&[
                "authorization_code",
                "refresh_token",
                "client_credentials",
                "password",
                "implicit",
            ]),
            "Only holders of this grant.",
        ),
        Parameter::query("scope", Type::Text, "Only holders of this scope."),
        Parameter::query("team", Type::Text, "Only those limited to this team."),
        Parameter::query("owner_team", Type::Text, "Only those looked after by this team."),
        Parameter::query("organization", Type::Text, "Only those of this organization."),
        Parameter::query(
            "all_teams",
            Type::Flag,
            "Only those that reach all teams, or only those that do not.",
        ),
        Parameter::query(
            "unused_days",
            Type::Number(0, 36_500),
            "Only those without use for so many days.",
        ),
        Parameter::query(
            "secret_expiring_days",
            Type::Number(0, 36_500),
            "Only those with a living secret that ends within so many days.",
        ),
        Parameter::query(
            "risk_from",
            Type::Number(0, 100),
            "Only those whose risk score is at least this.",
        ),
        Parameter::query(
            "sort",
            Type::Word(&["name", "created", "last_used", "risk"]),
            "By what; name unless given.",
        ),
        Parameter::query("descending", Type::Flag, "From the greatest to the least."),
        LIMIT,
        CURSOR,
    ];

    fn take(values: &mut Values) -> Self {
        let access = |word: &str| {
            [Access::ReadOnly, Access::Full].into_iter().find(|access| access.as_str() == word)
        };
        Self {
            q: values.text("q"),
            enabled: values.flag("enabled"),
            kind: values.word("type", ClientType::parse),
            access: values.word("access", access),
            grant: values.word("grant", GrantType::parse),
            scope: values.text("scope"),
            team: values.text("team"),
            owner_team: values.text("owner_team"),
            organization: values.text("organization"),
            all_teams: values.flag("all_teams"),
            unused_days: values.number("unused_days"),
            secret_expiring_days: values.number("secret_expiring_days"),
            risk_from: values.number("risk_from"),
            sort: values.word("sort", Sort::parse).unwrap_or_default(),
            descending: values.flag("descending").unwrap_or_default(),
            limit: values.number("limit").unwrap_or_default(),
            cursor: values.text("cursor"),
            now: 0,
        }
    }
}

async fn list(to: Allowed<ReadClients>, Query(query): Query<ListQuery>) -> Answer {
    let query = ListQuery { now: to.call.now, ..query };
    let page = clients::list_whole(&mut to.read(), &to.may, &query).await?;
    let items = page.items.iter().map(|client| shown(client)).collect();
    Ok(Reply::page(items, page.next_cursor).send())
}

/// The draft of a client.
struct NewClient(Draft);

impl FromJson for NewClient {
    const SCHEMA: &'static str = "NewClient";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        Draft::read(&value).map(Self)
    }
}

async fn create(
    to: Allowed<CreateClients>,
    IdempotencyKey(key): IdempotencyKey,
    Query(query): Query<Rehearsal>,
    Json(NewClient(draft)): Json<NewClient>,
) -> Answer {
    let mut work = to.begin().await?;
    let made = clients::create(&mut work, &to.call, &to.may, draft, key.as_deref()).await?;
    let client = made.object;
    let (path, shown) = (format!("/clients/{}", client.id), whole(&mut work, &client).await?);
    let reply = if made.is_repetition {
        Reply::ok(shown).with("secret_already_shown", Value::Bool(true))
    } else {
        Reply::created(&to.app, &path, shown).secret("client_secret", made.secret)
    };
    reply.version(client.version).after(work, query.dry_run).await
}

async fn show(to: Allowed<ReadClients>, Id(id): Id) -> Answer {
    let mut work = to.read();
    let client = clients::show(&mut work, &to.may, &id).await?;
    Ok(Reply::ok(whole(&mut work, &client).await?).version(client.version).send())
}

/// A merge patch of a client; the rules read it.
struct ClientPatch(Value);

impl FromJson for ClientPatch {
    const SCHEMA: &'static str = "ClientPatch";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        Ok(Self(value))
    }
}

async fn change(
    to: Allowed<UpdateClients>,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Query(query): Query<Rehearsal>,
    Json(ClientPatch(patch)): Json<ClientPatch>,
) -> Answer {
    let mut work = to.begin().await?;
    let change = clients::change(&mut work, &to.call, &to.may, &id, (&patch, version)).await?;
    let shown = whole(&mut work, &change.after).await?;
    let mut reply = Reply::ok(shown).version(change.after.version);
    if query.dry_run {
        reply = reply.with("changes", json!(change.changes));
    }
    reply.after(work, query.dry_run).await
}

/// The exact name of what is deleted.
struct Deletion {
    confirm_name: String,
    dry_run: bool,
}

impl FromQuery for Deletion {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::query("confirm_name", Type::Text, "The name of the client, exactly; needed."),
        DRY_RUN,
    ];

    fn take(values: &mut Values) -> Self {
        let confirm_name = values.text("confirm_name").unwrap_or_default();
        Self { confirm_name, dry_run: values.flag("dry_run").unwrap_or_default() }
    }
}

async fn delete(
    to: Allowed<DeleteClients>,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Query(query): Query<Deletion>,
) -> Answer {
    let mut work = to.begin().await?;
    let name = &query.confirm_name;
    clients::delete_at(&mut work, &to.call, &to.may, (&id, version), name).await?;
    Reply::gone().after(work, query.dry_run).await
}

/// The ids of a bulk deletion.
struct Selection(Vec<String>);

impl FromJson for Selection {
    const SCHEMA: &'static str = "Selection";

    fn from_json(value: Value) -> Result<Self, Refusal> {
        let mut fields = Fields::of(value)?;
        let ids = Self(fields.texts("client_ids"));
        fields.done(ids)
    }
}

async fn delete_many(
    to: Allowed<DeleteClients>,
    Query(query): Query<Rehearsal>,
    Json(Selection(ids)): Json<Selection>,
) -> Answer {
    let mut work = to.begin().await?;
    let deleted = clients::delete_many(&mut work, &to.call, &to.may, &ids).await?;
    Reply::ok(json!({ "deleted": deleted })).after(work, query.dry_run).await
}

async fn revoke_tokens(
    to: Allowed<RevokeTokens>,
    Id(id): Id,
    Query(query): Query<Rehearsal>,
) -> Answer {
    let mut work = to.begin().await?;
    let client = clients::revoke_tokens(&mut work, &to.call, &to.may, &id).await?;
    let shown = whole(&mut work, &client).await?;
    Reply::ok(shown).version(client.version).after(work, query.dry_run).await
}
