//! An effect of one's own: handlers ask for mail to be sent, and a backend with a mailer in its state sends it.
//!
//! Run it with `cargo run --example own_effect`. In place of a mail server, the mails go to its terminal.
//!
//! ```text
//! $ curl -X POST http://127.0.0.1:8080/welcome/ada@example.org
//! mail 1 is on its way
//! $ curl -X POST http://127.0.0.1:8080/welcome/nobody
//! this is not an address
//! ```
//!
//! The terminal says `mail 1 from shop@example.org to ada@example.org: Welcome to the shop!`.

use std::sync::atomic::{AtomicU64, Ordering};

use segno::{
    Answer, Effect, EffectError, Error, Happened, Perform, Replay, Request, Response, Result, Router, Standard,
    StopReason, effects,
    smol::{Backend, Session, serve},
};

fn main() -> Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let mailer = Mailer { sender: "shop@example.org".into(), sent: AtomicU64::new(0) };
    Ok(serve("127.0.0.1:8080", router(), Backend::new().state(mailer))?)
}

fn router() -> Router<Shop> {
    Router::new().post("/welcome/{address}", welcome)
}

/// Once for the application: its handlers never name the set.
type Io = segno::Io<Shop>;

effects! {
    /// All that the shop's handlers may ask for.
    enum Shop (ShopOutcome): Standard + { SendMail }
}

async fn welcome(mut io: Io, request: Request) -> Result<Response> {
    let mail = SendMail { to: request.param("address")?, text: "Welcome to the shop!".into() };
    match io.perform(mail).await {
        Ok(number) => Ok(Response::text(format!("mail {number} is on its way\n")).status(202)),
        Err(error) if error.kind == MailErrorKind::Address => {
            Err(Error::from(error).shown_as(400, "this is not an address"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Sends a mail; answered with its number.
#[derive(Clone, Debug, PartialEq)]
struct SendMail {
    to: String,
    text: String,
}

impl Effect for SendMail {
    type Output = u64;
    type Error = EffectError<MailErrorKind>;
    const NAME: &'static str = "send_mail";

    /// Nobody wants the same mail twice.
    fn replay(&self) -> Replay {
        Replay::Once
    }
}

/// Why a mail could not be sent.
#[derive(Clone, Debug, PartialEq)]
enum MailErrorKind {
    Address,
    Stopped(StopReason),
}

impl From<StopReason> for MailErrorKind {
    fn from(reason: StopReason) -> Self {
        Self::Stopped(reason)
    }
}

/// What performs the effect: the state of the backend, shared by all sessions.
struct Mailer {
    sender: String,
    sent: AtomicU64,
}

impl Perform<SendMail> for Session<Mailer> {
    async fn perform(&self, mail: SendMail) -> Answer<SendMail> {
        if !mail.to.contains('@') {
            return Err(EffectError::new(MailErrorKind::Address, Happened::No, "the address has no `@`"));
        }
        let number = self.state().sent.fetch_add(1, Ordering::Relaxed) + 1;
        println!("mail {number} from {} to {}: {}", self.state().sender, mail.to, mail.text);
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use segno::testing::{post, script};

    use super::*;

    #[test]
    fn a_new_customer_gets_a_mail() {
        script(welcome, post("/").param("address", "ada@example.org"))
            .expect(SendMail { to: "ada@example.org".into(), text: "Welcome to the shop!".into() }, 7)
            .responds(202)
            .body("mail 7 is on its way\n");
    }

    #[test]
    fn what_is_no_address_is_told_so() {
        let error = EffectError::new(MailErrorKind::Address, Happened::No, "the address has no `@`");
        script(welcome, post("/").param("address", "nobody"))
            .expect_error(SendMail { to: "nobody".into(), text: "Welcome to the shop!".into() }, error)
            .responds(400)
            .body("this is not an address");
    }

    #[test]
    fn the_mailer_counts_and_refuses() {
        let mailer = Mailer { sender: "shop@example.org".into(), sent: AtomicU64::new(0) };
        let session = Backend::new().state(mailer).session();
        let send = |to: &str| smol::block_on(session.perform(SendMail { to: to.into(), text: "hello".into() }));
        assert_eq!(send("ada@example.org"), Ok(1));
        assert_eq!(send("grace@example.org"), Ok(2));
        assert_eq!(send("nobody").unwrap_err().happened, Happened::No);
    }
}
