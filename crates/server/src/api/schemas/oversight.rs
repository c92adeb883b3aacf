//! The schemas of what is watched over: tokens, grants, sessions, permissions, the trail, the settings.

use domain::audit::Category;
use domain::settings::{NUMBERS, SESSION_IDLE_LIFETIME, SESSION_LIFETIME};
use serde_json::Value;

use super::{
    Member, change, described, flag, instant, list, nullable, number, object, problem, text, texts,
    whole, words,
};

/// Every schema of these nouns under its name.
pub(super) fn all() -> Vec<Member> {
    let user = object(
        vec![("id", text()), ("email", nullable(text())), ("display_name", nullable(text()))],
        vec![],
    );
    let team = object(
        vec![("id", text()), ("name", text()), ("organization", text()), ("permissions", texts())],
        vec![],
    );
    let organization = object(vec![("id", text()), ("permissions", texts())], vec![]);
    vec![
        (
            "Me",
            object(
                vec![
                    ("client_id", text()),
                    ("user", nullable(user)),
                    ("scopes", texts()),
                    ("access", words(["read_only", "full"].into_iter())),
                    ("authorized_teams", list(team)),
                    ("organization_permissions", list(organization)),
                    ("instance_permissions", texts()),
                    ("expires_at", instant()),
                ],
                vec![],
            ),
        ),
        (
            "Session",
            object(
                vec![
                    ("id", text()),
                    ("user", text()),
                    ("browser", text()),
                    ("device", text()),
                    ("address", text()),
                    ("place", nullable(text())),
                    ("status", words(["active"].into_iter())),
                    ("created_at", instant()),
                    ("last_active_at", instant()),
                    ("expires_at", instant()),
                    ("current", flag()),
                    ("amr", described(texts(), "By what they proved who they are (RFC 8176).")),
                ],
                vec![],
            ),
        ),
        ("AuditEvent", audit_event()),
        ("AuditOverview", audit_overview()),
        ("Grant", grant()),
        ("Token", token()),
        ("Permission", object(permission(), vec![])),
        ("CreatedPermission", object(permission(), vec![("dry_run", flag())])),
        (
            "NewPermission",
            object(
                vec![("name", text()), ("kind", kind())],
                vec![("description", nullable(text()))],
            ),
        ),
        ("PermissionPatch", object(vec![], vec![("description", text())])),
        ("Settings", object(numbers(), vec![])),
        ("ChangedSettings", object(numbers(), vec![("dry_run", flag())])),
        (
            "SettingsPatch",
            object(
                vec![],
                numbers().into_iter().map(|(name, schema)| (name, nullable(schema))).collect(),
            ),
        ),
        ("Problem", problem()),
    ]
}

/// The schemas of sign-in policies.
pub(super) fn sign_in_policies() -> Vec<Member> {
    let access = || words(["allow", "deny"].into_iter());
    let profile = || described(words(["local"].into_iter()), "Where they prove who they are.");
    let second_factor = || {
        let demand = words(["optional", "required"].into_iter());
        described(demand, "Optional: a code of whoever has set a second factor up.")
    };
    let seconds = |setting: &domain::settings::Number| {
        let bounds = nullable(number(setting.least, setting.most));
        described(bounds, "Seconds; null: as the settings say.")
    };
    let sessions = || {
        vec![
            ("session_lifetime", seconds(&SESSION_LIFETIME)),
            ("session_idle_lifetime", seconds(&SESSION_IDLE_LIFETIME)),
        ]
    };
    let subjects =
        |wrap: fn(Value) -> Value| ["users", "teams", "roles"].map(|name| (name, wrap(texts())));
    let policy = || {
        let mut members = vec![
            ("id", text()),
            ("name", text()),
            ("description", text()),
            (
                "priority",
                described(number(0, 1000), "The highest is asked first; the default has 0."),
            ),
            ("access", access()),
            ("sign_on_profile", profile()),
            ("second_factor", second_factor()),
            ("is_default", flag()),
        ];
        members.extend(sessions());
        members.extend(subjects(|it| it));
        members
    };
    let mut new = vec![
        ("description", nullable(text())),
        ("sign_on_profile", nullable(profile())),
        ("second_factor", nullable(second_factor())),
    ];
    new.extend(sessions());
    new.extend(subjects(nullable));
    let mut patch = vec![
        ("name", text()),
        ("description", text()),
        ("priority", number(1, 1000)),
        ("access", access()),
        ("sign_on_profile", profile()),
        ("second_factor", second_factor()),
    ];
    patch.extend(sessions());
    patch.extend(subjects(|it| it));
    let needed = vec![("name", text()), ("priority", number(1, 1000)), ("access", access())];
    vec![
        ("SignInPolicy", object(policy(), vec![])),
        ("ChangedSignInPolicy", object(policy(), vec![("dry_run", flag())])),
        ("NewSignInPolicy", object(needed, new)),
        ("SignInPolicyPatch", object(vec![], patch)),
    ]
}

fn audit_event() -> Value {
    let actor = object(
        vec![
            ("user", nullable(text())),
            ("client_id", nullable(text())),
            ("address", nullable(text())),
            ("operator", nullable(text())),
        ],
        vec![],
    );
    object(
        vec![
            ("id", text()),
            ("at", instant()),
            ("actor", actor),
            ("action", text()),
            ("object", object(vec![("kind", text()), ("id", text()), ("name", text())], vec![])),
            ("changes", list(change())),
            ("outcome", words(["success", "refused"].into_iter())),
            ("request_id", text()),
            ("count", whole()),
        ],
        vec![],
    )
}

fn audit_overview() -> Value {
    let counted = |mut about: Vec<Member>| {
        about.extend([
            ("total", whole()),
            ("success", whole()),
            ("refused", whole()),
            (
                "success_per_mille",
                described(nullable(number(0, 1000)), "Rounded down; null where nothing happened."),
            ),
        ]);
        object(about, vec![])
    };
    let category = || words(Category::ALL.into_iter().map(Category::as_str));
    counted(vec![
        ("from", instant()),
        ("to", instant()),
        ("categories", list(counted(vec![("category", category())]))),
        ("actions", list(counted(vec![("action", text()), ("category", category())]))),
    ])
}

/// The settings that are set while the server runs.
fn numbers() -> Vec<Member> {
    let one = |setting: &'static domain::settings::Number| {
        let bounds = if setting.is_switch() { flag() } else { number(setting.least, setting.most) };
        (setting.name, described(bounds, setting.description))
    };
    NUMBERS.into_iter().map(one).collect()
}

fn permission() -> Vec<Member> {
    vec![("name", text()), ("kind", kind()), ("description", text()), ("is_system", flag())]
}

fn kind() -> Value {
    words(["read", "write"].into_iter())
}

fn grant() -> Value {
    object(
        vec![
            ("id", text()),
            ("client_id", text()),
            ("user", text()),
            ("scopes", texts()),
            ("resources", texts()),
            ("teams", texts()),
            ("consented_at", instant()),
            ("expires_at", instant()),
            ("status", words(["active", "ended"].into_iter())),
        ],
        vec![],
    )
}

fn token() -> Value {
    let team = object(vec![("id", text()), ("name", text())], vec![]);
    object(
        vec![
            ("id", text()),
            ("kind", words(["access", "refresh"].into_iter())),
            ("client_id", text()),
            ("user", nullable(text())),
            ("grant", nullable(text())),
            ("scopes", texts()),
            ("access", words(["read_only", "full"].into_iter())),
            ("authorized_teams", list(team)),
            ("audience", texts()),
            ("status", words(["active"].into_iter())),
            ("issued_at", instant()),
            ("last_used_at", nullable(instant())),
            ("expires_at", instant()),
        ],
        vec![],
    )
}
