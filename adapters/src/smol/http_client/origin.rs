//! Where a request goes.

use std::{fmt, net::IpAddr};

/// A scheme, a host and a port: what a connection can be used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// Whether it is spoken to by TLS.
    pub(super) secure: bool,
    pub(super) host: Host,
    pub(super) port: u16,
}

/// Who listens there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Host {
    Name(String),
    Address(IpAddr),
}

impl Origin {
    /// The value of the request's `Host`: without the port if it is the scheme's own.
    pub(super) fn authority(&self) -> String {
        match (self.secure, self.port) {
            (false, 80) | (true, 443) => self.host.to_string(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => address.fmt(f),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Host, Origin};

    #[test]
    fn authority_leaves_out_the_usual_port() {
        let address = |text: &str| text.parse().map_or_else(|_| Host::Name(text.to_owned()), Host::Address);
        for (secure, host, port, authority) in [
            (false, "example.com", 80, "example.com"),
            (false, "example.com", 443, "example.com:443"),
            (true, "example.com", 443, "example.com"),
            (true, "10.0.0.1", 8443, "10.0.0.1:8443"),
            (false, "::1", 80, "[::1]"),
            (false, "::1", 8080, "[::1]:8080"),
        ] {
            assert_eq!(Origin { secure, host: address(host), port }.authority(), authority);
        }
    }
}
