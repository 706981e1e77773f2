//! What the shop's handlers may ask for: the standard effects, and mail.

use segno::{
    Answer, Effect, EffectError, Happened, Menu, Perform, Replay, Standard, StopReason, effects, smol::Session,
};

/// Once for the application: its handlers never name the set.
pub(crate) type Io = segno::Io<Shop>;

effects! {
    /// All that the shop's handlers may ask for.
    pub(crate) enum Shop (ShopOutcome): Standard + { SendMail }
}

/// Sends a mail.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SendMail {
    pub(crate) to: String,
    pub(crate) text: String,
}

impl Effect for SendMail {
    type Output = ();
    type Error = EffectError<MailErrorKind>;
    const NAME: &'static str = "send_mail";

    /// Nobody wants the same mail twice.
    fn replay(&self) -> Replay {
        Replay::Once
    }

    /// What an exploration tries, besides that all is well.
    fn faults(&self, menu: &mut Menu<'_, Self>) {
        menu.kind("the address is refused", Happened::No, MailErrorKind::Refused);
        menu.kind("the mail server does not answer", Happened::Unknown, MailErrorKind::Timeout);
    }
}

/// Why a mail could not be sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum MailErrorKind {
    Refused,
    Timeout,
    Stopped(StopReason),
}

impl From<StopReason> for MailErrorKind {
    fn from(reason: StopReason) -> Self {
        Self::Stopped(reason)
    }
}

/// The mail server: a terminal.
#[derive(Debug)]
pub(crate) struct Postbox;

impl Perform<SendMail> for Session<Postbox> {
    async fn perform(&self, mail: SendMail) -> Answer<SendMail> {
        if !mail.to.contains('@') {
            return Err(EffectError::new(MailErrorKind::Refused, Happened::No, "the address has no `@`"));
        }
        println!("mail to {}: {}", mail.to, mail.text);
        Ok(())
    }
}
