//! How effects are performed for real: the two traits that a backend implements.

use core::future::Future;

use crate::effect::{Answer, Effect, EffectSet};

/// Performs the effect `E`; implemented by a backend's session for each effect it can carry out.
///
/// The session belongs to one tasklet, so it knows whose transaction, connection or subscription is meant. Effects of
/// several lanes are performed at the same time, hence `&self`.
///
/// ```
/// use segno_core::{Answer, Now, Perform, Timestamp};
///
/// struct Frozen;
///
/// impl Perform<Now> for Frozen {
///     async fn perform(&self, _: Now) -> Answer<Now> {
///         Ok(Timestamp::EPOCH)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "the backend `{Self}` cannot perform the effect `{E}`",
    label = "`impl Perform<{E}> for {Self}` is missing"
)]
pub trait Perform<E: Effect> {
    /// Carries the effect out. The future is dropped when the effect is abandoned.
    fn perform(&self, effect: E) -> impl Future<Output = Answer<E>> + Send;
}

/// Says that the backend's session `B` performs every effect of this set; made by [`effects!`](crate::effects), and needed
/// by those who write a driver.
pub trait PerformedBy<B>: EffectSet {
    /// Has `backend` carry the effect out.
    fn perform_on(self, backend: &B) -> impl Future<Output = Self::Outcome> + Send;
}
