//! How a session for all effects hands SQL on.

/// Has a session perform SQL by what its method `sql` gives, or fail as that does.
macro_rules! performs_sql {
    ($session:ident) => {
        $crate::sql::performs::performs_sql! { $session: Sql, Transaction, SqlOpen, SqlFetch, SqlClose }
    };
    ($session:ident: $($effect:ident),*) => {$(
        impl<X: Send + Sync> segno_core::Perform<segno_core::$effect> for $session<X> {
            async fn perform(&self, effect: segno_core::$effect) -> segno_core::Answer<segno_core::$effect> {
                self.sql()?.perform(effect).await
            }
        }
    )*};
}
pub(crate) use performs_sql;
