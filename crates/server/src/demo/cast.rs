//! Who is on stage in `mandate demo`: an organization, three teams, four people, three clients.
//! Every password and secret is made afresh for each run.

use std::sync::Arc;

use domain::access::{self, AUDITOR, Authority, CLIENT_MANAGER, MEMBER, Place};
use domain::accounts::{self, NewUser, User};
use domain::clients::{self, Draft};
use domain::{Call, Instance, Plain, Refusal, UserId, teams};
use serde_json::json;

use crate::foundation::{self, Bootstrap, FirstAdministrator};
use crate::web::views::{DemoGuide, DemoPerson, Snippet};

/// Who is on stage, and what to show of them.
pub struct Cast {
    /// For the page at `/` and for the terminal.
    pub guide: DemoGuide,
    /// The `client_id` of the sample application.
    pub client_id: String,
    /// Its secret.
    pub secret: Plain,
}

/// Why the stage could not be set.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The foundation could not be laid.
    #[error(transparent)]
    Foundation(#[from] foundation::Error),
    /// A rule said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<domain::Fault> for Error {
    fn from(fault: domain::Fault) -> Self {
        Self::Refused(fault.into())
    }
}

/// Sets the stage on an empty instance. `sample_app` is where the sample application answers.
///
/// # Errors
/// When the database cannot take it.
pub async fn prepare(
    instance: &Arc<Instance>,
    call: &Call,
    sample_app: &str,
) -> Result<Cast, Error> {
    let passwords: [Plain; 4] = {
        let mut made = Vec::new();
        for _ in 0..4 {
            made.push(Plain::new(instance.vault().random_text::<15>()?));
        }
        made.try_into().unwrap_or_else(|_| std::array::from_fn(|_| Plain::new("")))
    };
    let administrator =
        FirstAdministrator { email: "ada@harbour.example".into(), password: passwords[0].clone() };
    let bootstrap = Bootstrap { administrator: Some(administrator), client: None };
    foundation::prepare(instance, &bootstrap, call).await?;
    let authority = Authority::operator("demo");
    let (ben, cleo, dora) = (
        person(instance, call, ("ben@harbour.example", "Ben Okafor"), &passwords[1]).await?,
        person(instance, call, ("cleo@harbour.example", "Cleo Lindqvist"), &passwords[2]).await?,
        person(instance, call, ("dora@harbour.example", "Dora Marsh"), &passwords[3]).await?,
    );
    let organization = places(instance, call, &[&ben, &cleo]).await?;
    let mut work = instance.begin().await?;
    access::bind(&mut work, call.now, dora.id.as_str(), AUDITOR, &Place::Instance).await?;
    let may = authority.may::<access::CreateClients>()?;
    let sample =
        clients::create(&mut work, call, &may, notes(instance, &organization, sample_app)?, None)
            .await?;
    let report = clients::create(&mut work, call, &may, report(&organization)?, None).await?;
    clients::create(&mut work, call, &may, terminal(&organization)?, None).await?;
    let role = access::SECURITY_ADMINISTRATOR;
    access::bind(&mut work, call.now, report.object.id.as_str(), role, &Place::Instance).await?;
    work.commit().await?;
    let secret =
        |shown: &domain::ShownOnce<_>| shown.secret.clone().unwrap_or_else(|| Plain::new(""));
    Ok(Cast {
        guide: DemoGuide {
            sample_app: sample_app.into(),
            people: people(&passwords),
            commands: commands(instance, report.object.id.as_str(), &secret(&report)),
        },
        client_id: sample.object.id.to_string(),
        secret: secret(&sample),
    })
}

async fn person(
    instance: &Arc<Instance>,
    call: &Call,
    (email, name): (&str, &str),
    password: &Plain,
) -> Result<User, Error> {
    let may = Authority::operator("demo").may::<access::CreateUsers>()?;
    let new = NewUser {
        email: email.into(),
        display_name: name.into(),
        password: Some(password.clone()),
    };
    Ok(accounts::create(instance, call, &may, new).await?.0)
}

/// One organization and its teams: Ben manages clients in two, Cleo belongs to all three.
async fn places(
    instance: &Arc<Instance>,
    call: &Call,
    [ben, cleo]: &[&User; 2],
) -> Result<String, Error> {
    let may = Authority::operator("demo").may::<access::ManageTeams>()?;
    let mut work = instance.begin().await?;
    let organization = teams::create_organization(&mut work, call, &may, "Harbour Works").await?;
    let ada = accounts::find_by_email(&mut work, "ada@harbour.example").await?.map(|ada| ada.id);
    for (name, ben_is_in) in [("Navigation", true), ("Cargo", true), ("Finance", false)] {
        let team = teams::create_team(&mut work, call, &may, &organization.id, name).await?;
        let mut members: Vec<(&UserId, &str)> = vec![(&cleo.id, MEMBER)];
        members.extend(ada.as_ref().map(|id| (id, CLIENT_MANAGER)));
        if ben_is_in {
            members.push((&ben.id, CLIENT_MANAGER));
        }
        for (member, role) in members {
            teams::add_member(&mut work, call, &may, (&team.id, member), role).await?;
        }
    }
    work.commit().await?;
    Ok(organization.id)
}

/// The sample application: a web application that acts as its people, only to look.
fn notes(instance: &Instance, organization: &str, sample_app: &str) -> Result<Draft, Refusal> {
    Draft::read(&json!({
        "client_id": "harbour-notes", "client_name": "Harbour Notes", "organization": organization,
        "description": "A sample application that shows what it is given.", "contacts": ["ben@harbour.example"],
        "verified": true, "type": "user_authorized",
        "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": [format!("{sample_app}/callback")],
        "post_logout_redirect_uris": [format!("{sample_app}/")],
        "scopes": ["openid", "profile", "email", "offline_access", "as_user:read"],
        "default_scopes": ["openid", "profile"], "default_resource": instance.api_resource(),
        "team_selection": "multiple",
    }))
}

/// A service that reads the client register by client credentials.
fn report(organization: &str) -> Result<Draft, Refusal> {
    Draft::read(&json!({
        "client_id": "nightly-report", "client_name": "Nightly Report", "organization": organization,
        "description": "Reads the register of clients each night.", "contacts": ["dora@harbour.example"],
        "type": "service", "grant_types": ["client_credentials"], "scopes": ["oauth_client:read", "user:read"],
    }))
}

/// A command-line program: public, on loopback.
fn terminal(organization: &str) -> Result<Draft, Refusal> {
    Draft::read(&json!({
        "client_id": "harbour-cli", "client_name": "Harbour CLI", "organization": organization,
        "description": "A program for the terminal; signs in through the browser.", "type": "user_authorized",
        "confidential": false, "auth_methods": ["none"], "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": ["http://127.0.0.1/callback", "http://[::1]/callback"],
        "scopes": ["openid", "profile", "email", "as_user:read"], "default_scopes": ["openid", "profile"],
    }))
}

fn people(passwords: &[Plain; 4]) -> Vec<DemoPerson> {
    let cast = [
        ("Ada", "Platform administrator: may do everything", "ada"),
        ("Ben Okafor", "Manages the clients of two teams", "ben"),
        ("Cleo Lindqvist", "Belongs to three teams and uses applications", "cleo"),
        ("Dora Marsh", "Auditor: reads everything, changes nothing", "dora"),
    ];
    let with_passwords = cast.into_iter().zip(passwords);
    with_passwords
        .map(|((name, about, local), password)| DemoPerson {
            name: name.into(),
            about: about.into(),
            email: format!("{local}@harbour.example"),
            password: password.reveal().into(),
        })
        .collect()
}

/// A token, what it means, an API call with it, and its end.
fn commands(instance: &Instance, id: &str, secret: &Plain) -> Vec<Snippet> {
    let issuer = instance.issuer();
    let credentials = format!("{id}:{}", secret.reveal());
    let snippet = |label: &str, code: String| Snippet { label: label.into(), code };
    vec![
        snippet(
            "Get a token",
            format!(
                "TOKEN=$(curl -s -u {credentials} -d grant_type=client_credentials {issuer}/oauth2/token \\\n  \
                 | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/'); echo \"$TOKEN\""
            ),
        ),
        snippet(
            "Ask what it means",
            format!("curl -s -u {credentials} -d token=$TOKEN {issuer}/oauth2/introspect"),
        ),
        snippet(
            "Call the API with it",
            format!("curl -s -H \"Authorization: Bearer $TOKEN\" {issuer}/api/v1/clients"),
        ),
        snippet(
            "Revoke it",
            format!("curl -s -u {credentials} -d token=$TOKEN {issuer}/oauth2/revoke"),
        ),
        snippet(
            "Ask again: it is dead",
            format!("curl -s -u {credentials} -d token=$TOKEN {issuer}/oauth2/introspect"),
        ),
    ]
}
