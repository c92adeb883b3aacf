//! The one line of schema history, in order. A number is never reused and a text never changed.

/// Every migration this binary knows.
pub(crate) const ALL: &[db::Migration] = &[
    db::Migration {
        number: 1,
        name: "beginning",
        sql: include_str!("../../../migrations/0001_beginning.sql"),
    },
    db::Migration {
        number: 2,
        name: "own_tokens",
        sql: include_str!("../../../migrations/0002_own_tokens.sql"),
    },
    db::Migration {
        number: 3,
        name: "observed_addresses",
        sql: include_str!("../../../migrations/0003_observed_addresses.sql"),
    },
    db::Migration {
        number: 4,
        name: "audit_filters",
        sql: include_str!("../../../migrations/0004_audit_filters.sql"),
    },
    db::Migration {
        number: 5,
        name: "token_policy",
        sql: include_str!("../../../migrations/0005_token_policy.sql"),
    },
    db::Migration {
        number: 6,
        name: "list_indexes",
        sql: include_str!("../../../migrations/0006_list_indexes.sql"),
    },
    db::Migration {
        number: 7,
        name: "audit_seals",
        sql: include_str!("../../../migrations/0007_audit_seals.sql"),
    },
    db::Migration {
        number: 8,
        name: "seen_addresses",
        sql: include_str!("../../../migrations/0008_seen_addresses.sql"),
    },
    db::Migration {
        number: 9,
        name: "observed_people",
        sql: include_str!("../../../migrations/0009_observed_people.sql"),
    },
    db::Migration {
        number: 10,
        name: "audit_overview",
        sql: include_str!("../../../migrations/0010_audit_overview.sql"),
    },
    db::Migration {
        number: 11,
        name: "sign_in_policies",
        sql: include_str!("../../../migrations/0011_sign_in_policies.sql"),
    },
    db::Migration {
        number: 12,
        name: "second_factors",
        sql: include_str!("../../../migrations/0012_second_factors.sql"),
    },
    db::Migration {
        number: 13,
        name: "audit_open",
        sql: include_str!("../../../migrations/0013_audit_open.sql"),
    },
];
