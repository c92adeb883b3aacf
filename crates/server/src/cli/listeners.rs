//! The sockets: every address that was asked for, or a sentence that names the one that failed.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::Failure;

/// Binds every address. An IPv6 one that this machine does not have is left out, with a warning,
/// while another works.
///
/// # Errors
/// A sentence that names the address and the setting.
pub async fn bind(setting: &str, addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, Failure> {
    let (mut listeners, mut absent) = (Vec::new(), Vec::new());
    for address in addresses {
        match TcpListener::bind(address).await {
            Ok(listener) => listeners.push(listener),
            Err(error) if address.is_ipv6() && is_absent(&error) => absent.push((address, error)),
            Err(error) => return Err(refused(setting, *address, &error, addresses)),
        }
    }
    for (address, error) in absent {
        if listeners.is_empty() {
            return Err(refused(setting, *address, &error, addresses));
        }
        tracing::warn!(%address, "this machine has no such address; the others are served");
    }
    Ok(listeners)
}

/// Is IPv6 absent, rather than the port taken?
fn is_absent(error: &io::Error) -> bool {
    // EAFNOSUPPORT has no kind of its own.
    const NO_SUCH_FAMILY: [i32; 2] = [97, 47];
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
        || error.raw_os_error().is_some_and(|code| NO_SUCH_FAMILY.contains(&code))
}

fn refused(setting: &str, address: SocketAddr, error: &io::Error, all: &[SocketAddr]) -> Failure {
    let both = |other: &SocketAddr| {
        other.is_ipv6() && other.ip().is_unspecified() && other.port() == address.port()
    };
    let why = match error.kind() {
        io::ErrorKind::AddrInUse if all.iter().any(both) => {
            "it is in use; [::] answers on IPv4 as well, so leave 0.0.0.0 out".to_owned()
        }
        io::ErrorKind::AddrInUse => "another program answers there".to_owned(),
        io::ErrorKind::PermissionDenied => "a port below 1024 needs a privilege".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        _ => error.to_string(),
    };
    Failure::refused(format!("{setting}: {address} cannot be used: {why}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[tokio::test]
    async fn names_the_address_and_the_setting_that_failed() {
        let first = bind("listen", &addresses(&["127.0.0.1:0"])).await.unwrap();
        let taken = first[0].local_addr().unwrap();
        let failure = bind("listen", &[taken]).await.unwrap_err();
        assert_eq!(
            failure.to_string(),
            format!("listen: {taken} cannot be used: another program answers there.")
        );
    }

    #[tokio::test]
    async fn goes_without_an_ipv6_address_only_while_another_works() {
        let foreign = "[2001:db8::1]:0";
        assert_eq!(bind("listen", &addresses(&["127.0.0.1:0", foreign])).await.unwrap().len(), 1);
        let failure = bind("metrics_listen", &addresses(&[foreign])).await.unwrap_err();
        assert!(
            failure.to_string().starts_with("metrics_listen: [2001:db8::1]:0 cannot be used:"),
            "{failure}"
        );
        assert!(bind("listen", &addresses(&["127.0.0.1:0", "192.0.2.1:0"])).await.is_err());
    }
}
