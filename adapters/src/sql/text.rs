//! The text of a statement, as sqlx takes it.

use std::{borrow::Cow, sync::Arc};

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// It is the handler's own text: parameters are bound, and a second statement is refused.
pub(super) fn sql_str(text: Cow<'static, str>) -> SqlStr {
    match text {
        Cow::Borrowed(text) => text.into_sql_str(),
        Cow::Owned(text) => AssertSqlSafe(Arc::<str>::from(text)).into_sql_str(),
    }
}
