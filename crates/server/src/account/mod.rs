//! Pages of a person: sign in, consent, sign out, the account. Knows no administrator.

pub mod views;
