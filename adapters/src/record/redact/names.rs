//! Which names say that their value is a secret.

/// The names of secrets: those that are known, and those that were added.
#[derive(Clone, Debug, Default)]
pub(in crate::record) struct Names {
    added: Vec<String>,
}

/// Which part of a value is the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// All of it.
    Whole,
    /// What follows the scheme: `Bearer …`.
    Credentials,
    /// The value of each cookie.
    Cookies,
    /// The value of the cookie, without its attributes.
    SetCookie,
}

impl Names {
    pub(in crate::record) fn add(&mut self, name: &str) {
        self.added.push(plain(name));
    }

    /// What is secret in a value of this name.
    pub(super) fn kind(&self, name: &str) -> Option<Kind> {
        if name.len() > LONGEST {
            return None;
        }
        let name = plain(name);
        match &*name {
            "authorization" | "proxyauthorization" => Some(Kind::Credentials),
            "cookie" => Some(Kind::Cookies),
            "setcookie" => Some(Kind::SetCookie),
            name if WORDS.contains(&name) || self.added.iter().any(|added| added == name) => Some(Kind::Whole),
            name if PARTS.iter().any(|part| name.contains(part)) => Some(Kind::Whole),
            _ => None,
        }
    }
}

/// A name in which case, `-` and `_` make no difference.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect()
}

/// A longer text is no name.
const LONGEST: usize = 64;

/// A name with one of these in it is a secret's: `new_password`, `x-api-key`.
const PARTS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "authtoken",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "csrftoken",
    "privatekey",
    "credential",
];

/// These are whole names of secrets; they are parts of others: of `tokens_used`, or `shopping`.
const WORDS: &[&str] = &[
    "token",
    "pwd",
    "pin",
    "otp",
    "cvc",
    "cvv",
    "csrf",
    "xsrf",
    "session",
    "sessionid",
    "sid",
    "jwt",
    "signature",
    "cardnumber",
    "xcsrf",
];
