//! Client authentication (RFC 6749 §2.3), once for every endpoint.
//!
//! Ordered checks: the client exists and is enabled → its address is trusted (before the secret,
//! so that an outsider never learns whether a guess was right) → not throttled → its method is one
//! it may use → the secret is a living one.

use std::sync::Arc;

use domain::attempts::{self, Claim, Ladder};
use domain::clients::secrets::{self, Verdict};
use domain::clients::{self, AuthMethod, Client, TrustedIpsMode};
use domain::{Call, Work};
use protocol::client_authentication::Presented;
use protocol::error::{Code, Error};

use super::refused::Refused;

/// How long one address waits between wrong secrets of one client; forgotten half an hour after the
/// last one that was counted.
const LADDER: Ladder = Ladder { free: 5, cap: 900, window: 1800 };

/// A client that is who it says.
#[derive(Debug)]
pub(crate) struct Authenticated {
    /// The client.
    pub client: Arc<Client>,
}

/// Why authentication failed, where the answer is not the ordinary one.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The ordinary refusal.
    Refused(Refused),
    /// REL-14: 400 with a fixed text, before the secret was looked at.
    ForeignAddress {
        /// What the operator reads.
        error: Error,
    },
    /// Too much: wrong secrets from there, requests, or living tokens.
    Throttled {
        /// Seconds to wait.
        retry_after: i64,
        /// What the operator reads.
        error: Error,
    },
}

impl<E: Into<Refused>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

fn invalid(note: impl Into<String>) -> Failed {
    Failed::Refused(Refused::Error(
        Error::new(Code::InvalidClient, "Client authentication failed.").because(note),
    ))
}

/// Who asks, by what this node remembers of the client: as good as its version, which the statement
/// that acts has to compare.
#[derive(Debug)]
pub(crate) struct Recalled {
    /// The client.
    pub client: clients::Recalled,
    verdict: Option<Verdict>,
}

impl Recalled {
    /// The client was as remembered: it used what it presented.
    pub fn proved(self, work: &Work, call: &Call) -> Arc<Client> {
        let client = self.client.proven();
        clients::mark_used(work, call, &client, self.verdict.as_ref());
        clients::observe(work, call, &client);
        client
    }
}

/// Who asks, without a look at the database. `None` where anything is in doubt: then
/// [`authenticate`] says who it is, or why not.
pub(crate) fn recall(work: &Work, call: &Call, presented: &Presented) -> Option<Recalled> {
    let client = clients::recall(work.instance(), presented.client_id()?)?;
    let known = client.unproven();
    admit(call, known).ok()?;
    let verdict = match method(known, presented).ok()? {
        AuthMethod::None => None,
        _ => Some(presented.candidates().find_map(|(id, secret)| {
            let verdict = secrets::verify(work, known, secret.expose(), call.now);
            (id == known.id.as_str() && matches!(verdict, Verdict::Living { .. }))
                .then_some(verdict)
        })?),
    };
    Some(Recalled { client, verdict })
}

/// Establishes which client asks. A public client needs only its id.
pub(crate) async fn authenticate(
    work: &mut Work,
    call: &Call,
    presented: &Presented,
) -> Result<Authenticated, Failed> {
    let Some(id) = presented.client_id() else {
        return Err(invalid("the request names no client"));
    };
    let Some(client) = find(work, presented, id).await? else {
        return Err(invalid(format!("there is no client {id:?}")));
    };
    admit(call, &client)?;
    if method(&client, presented)? == AuthMethod::None {
        clients::mark_used(work, call, &client, None);
        clients::observe(work, call, &client);
        return Ok(Authenticated { client });
    }
    check_secret(work, call, &client, presented).await?;
    clients::observe(work, call, &client);
    Ok(Authenticated { client })
}

/// Is it enabled, and may it ask from here?
fn admit(call: &Call, client: &Client) -> Result<(), Failed> {
    if !client.enabled {
        return Err(invalid("the client is disabled"));
    }
    if let Some(address) = call.address
        && client.trusted_ips_mode == TrustedIpsMode::Enforce
        && !client.trusted_ips.is_empty()
        && !client.trusted_ips.contains(address)
    {
        let error = Error::new(Code::InvalidClient, "IP address not allowed.");
        let allowed = client.trusted_ips.lines().join(", ");
        return Err(Failed::ForeignAddress {
            error: error.expected(allowed).received(address.to_string()),
        });
    }
    Ok(())
}

/// How it proves itself, if that is a way it may.
fn method(client: &Client, presented: &Presented) -> Result<AuthMethod, Failed> {
    let method = match presented {
        Presented::None { .. } => AuthMethod::None,
        Presented::Basic { .. } => AuthMethod::SecretBasic,
        Presented::Post(_) => AuthMethod::SecretPost,
        Presented::Assertion { .. } => {
            return Err(invalid("client assertions are not in use here"));
        }
    };
    if !client.auth_methods.contains(&method) {
        let expected: Vec<_> = client.auth_methods.iter().map(|m| m.as_str()).collect();
        let error = Error::new(Code::InvalidClient, "Client authentication failed.")
            .because("the client may not authenticate in this way")
            .expected(expected.join(", "))
            .received(method.as_str());
        return Err(Failed::Refused(Refused::Error(error)));
    }
    Ok(method)
}

/// The client under the id as decoded, else under the id as it stands.
async fn find(
    work: &mut Work,
    presented: &Presented,
    id: &str,
) -> Result<Option<Arc<Client>>, Failed> {
    if let Some(client) = clients::find(work, id).await? {
        return Ok(Some(client));
    }
    for (other, _) in presented.candidates() {
        if other != id
            && let Some(client) = clients::find(work, other).await?
        {
            return Ok(Some(client));
        }
    }
    Ok(None)
}

async fn check_secret(
    work: &mut Work,
    call: &Call,
    client: &Client,
    presented: &Presented,
) -> Result<(), Failed> {
    let mut retired = None;
    for (id, secret) in presented.candidates() {
        if id != client.id.as_str() {
            continue;
        }
        let verdict = secrets::verify(work, client, secret.expose(), call.now);
        clients::mark_used(work, call, client, Some(&verdict));
        match verdict {
            Verdict::Living { .. } => return Ok(()),
            Verdict::Retired { secret_id, since } => retired = Some((secret_id, since)),
            Verdict::Wrong => {}
        }
    }
    if let Some((secret_id, since)) = retired {
        return Err(invalid(format!("the secret {secret_id} was retired at {since}")));
    }
    throttle(work, call, client).await?;
    Err(invalid("the secret is none of the client's"))
}

/// Counts a wrong secret, and refuses quickly once there were too many from this address. A right
/// secret is never throttled: the rightful owner stays in.
///
/// Who has to wait is refused by a read alone and not counted again, so that guessing writes a row
/// a few times and then as seldom as the waits end: five at once, a dozen in the first quarter of an
/// hour, four an hour after it, from one address for one client. The counter itself is one atomic
/// statement and durable: neither parallel tries, nor other nodes, nor a restart outrun it.
async fn throttle(work: &mut Work, call: &Call, client: &Client) -> Result<(), Failed> {
    let subject = format!("client {} from {}", client.id, call.network());
    if let Some(seconds) = attempts::wait(work, &subject, call.now, &LADDER).await? {
        return Err(too_often(seconds));
    }
    // A standby of the database takes no writes: there a wrong secret is refused and not counted.
    if work.instance().is_standby() {
        return Ok(());
    }
    let mut counting = work.instance().begin().await?;
    let claim = attempts::claim(&mut counting, &subject, call.now, &LADDER).await?;
    counting.commit().await?;
    match claim {
        Claim::Counted { .. } => Ok(()),
        Claim::Wait { seconds } => Err(too_often(seconds)),
    }
}

fn too_often(retry_after: i64) -> Failed {
    let error = Error::new(
        Code::InvalidClient,
        "Client authentication failed too often. Wait before the next try.",
    );
    Failed::Throttled {
        retry_after,
        error: error
            .because("too many wrong secrets from this address")
            .expected(format!("no try before {retry_after} seconds from now, or the right secret"))
            .received("another wrong secret"),
    }
}
