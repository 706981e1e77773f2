//! Which addresses may be talked to.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

/// Which addresses an [`HttpClient`](super::HttpClient) connects to.
///
/// It is asked about the very address that is about to be connected to: after the host's name was resolved, and after
/// each redirect. So neither a notation nor a name nor a redirect gets around it. A name with several addresses is
/// connected to at those that are allowed.
///
/// A handler that fetches a URL for a stranger asks with [`HttpRequest::public_only`](segno_core::HttpRequest::public_only);
/// then this client's rule *and* [`Addresses::public`] must allow it.
///
/// ```
/// use std::net::{IpAddr, Ipv4Addr};
/// use segno::smol::{Addresses, HttpClientOptions};
///
/// // The internet, and one host of the own network.
/// let office = IpAddr::from(Ipv4Addr::new(10, 1, 2, 3));
/// let public = Addresses::public();
/// let addresses = Addresses::only(move |address| address.ip() == office || public.allow(address));
/// assert!(addresses.allow("10.1.2.3:80".parse()?));
/// assert!(!addresses.allow("10.1.2.4:80".parse()?));
///
/// let options = HttpClientOptions { addresses, ..HttpClientOptions::default() };
/// # let _ = options;
/// # Ok::<_, std::net::AddrParseError>(())
/// ```
#[derive(Clone)]
pub struct Addresses(Rule);

#[derive(Clone)]
enum Rule {
    Any,
    Public,
    Own(Arc<dyn Fn(SocketAddr) -> bool + Send + Sync>),
}

impl Addresses {
    /// Every address.
    pub fn any() -> Self {
        Self(Rule::Any)
    }

    /// The addresses that the whole internet can reach.
    ///
    /// Not among them are those of this machine, of private and shared networks, link-local ones (where clouds have
    /// their metadata services), multicast, documentation, benchmarks, what is reserved, and every IPv6 address that
    /// leads to one of these IPv4 addresses. Whether this machine's own public address should be reachable, or a
    /// network behind one, a firewall must say; so too if the network translates IPv6 to IPv4 under a prefix of its own.
    pub fn public() -> Self {
        Self(Rule::Public)
    }

    /// The addresses for which the function says `true`. It is given an IPv4 address as such, even if the URL has it in
    /// IPv6's notation.
    pub fn only(allow: impl Fn(SocketAddr) -> bool + Send + Sync + 'static) -> Self {
        Self(Rule::Own(Arc::new(allow)))
    }

    /// Whether this address may be connected to.
    pub fn allow(&self, address: SocketAddr) -> bool {
        match &self.0 {
            Rule::Any => true,
            Rule::Public => is_public(address.ip()),
            Rule::Own(allow) => allow(SocketAddr::new(address.ip().to_canonical(), address.port())),
        }
    }
}

impl Default for Addresses {
    fn default() -> Self {
        Self::any()
    }
}

/// Two functions are equal if one is a clone of the other.
impl PartialEq for Addresses {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Rule::Any, Rule::Any) | (Rule::Public, Rule::Public) => true,
            (Rule::Own(one), Rule::Own(other)) => Arc::ptr_eq(one, other),
            (Rule::Any | Rule::Public | Rule::Own(_), _) => false,
        }
    }
}

impl Eq for Addresses {}

impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Rule::Any => "Any",
            Rule::Public => "Public",
            Rule::Own(_) => "Only(..)",
        })
    }
}

/// Whether the whole internet can reach this address.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !SPECIAL_V4.iter().any(|(network, bits)| {
        let mask = u32::MAX << (u32::BITS - bits);
        address.to_bits() & mask == network.to_bits()
    })
}

/// All that is public lies in one block, but for IPv4 addresses in disguise; what else there is or will be, is not.
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(embedded) = embedded_v4(address) {
        return is_public_v4(embedded);
    }
    within(address, GLOBAL_UNICAST) && !SPECIAL_V6.iter().any(|network| within(address, *network))
}

/// The IPv4 address that packets to this one end at, in the two notations that are in use. The others (IPv4-compatible,
/// 6to4, Teredo) are out of use, and refused whatever they hold.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [.., a, b, c, d] = address.octets();
    [MAPPED, NAT64].iter().any(|network| within(address, *network)).then(|| Ipv4Addr::new(a, b, c, d))
}

fn within(address: Ipv6Addr, (network, bits): (Ipv6Addr, u32)) -> bool {
    let mask = u128::MAX << (u128::BITS - bits);
    address.to_bits() & mask == network.to_bits()
}

/// What is not for the whole internet, of the registry of special-purpose addresses (RFC 6890) and its later entries.
const SPECIAL_V4: [(Ipv4Addr, u32); 15] = [
    // This network, in which 0.0.0.0 is this machine.
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Behind a provider's translation, and in use inside some clouds.
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Link-local, with the metadata services at 169.254.169.254.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    // Protocols' own.
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    // Documentation, also the two below.
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    // Relays from IPv6, out of use.
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    // Benchmarks.
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast.
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    // Reserved, up to the broadcast to all.
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// IPv4 addresses as IPv6 sockets know them.
const MAPPED: (Ipv6Addr, u32) = (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96);

/// Networks without IPv4 reach it under this prefix (RFC 6052).
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// All that was ever given out to the internet.
const GLOBAL_UNICAST: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What in it is not for the whole internet.
const SPECIAL_V6: [(Ipv6Addr, u32); 4] = [
    // Protocols' own, among them Teredo, benchmarks and ORCHID.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // Documentation, also the last one.
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    // 6to4.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];
