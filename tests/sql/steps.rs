//! A tasklet's session, taken step by step: for what several tasklets do at once, in an order that the case decides.

use std::borrow::Cow;

use segno::{
    Database, FromValue, Isolation, Params, Perform, Rows, Sql, SqlError, SqlSession, Transaction, TransactionAct,
    TransactionId, TransactionOptions,
};

/// A session, with at most one transaction.
pub(crate) struct Client {
    session: SqlSession,
    id: TransactionId,
}

impl Client {
    pub(crate) fn of(database: &Database) -> Self {
        Self { session: database.session(), id: TransactionId::new("0#1".parse().unwrap()) }
    }

    /// Outside of the transaction.
    pub(crate) async fn run(&self, text: impl Into<Cow<'static, str>>) -> Result<Rows, SqlError> {
        self.run_with(text, ()).await
    }

    /// Outside of the transaction.
    pub(crate) async fn run_with(
        &self,
        text: impl Into<Cow<'static, str>>,
        params: impl Into<Params>,
    ) -> Result<Rows, SqlError> {
        self.session.perform(Sql { text: text.into(), params: params.into(), transaction: None }).await
    }

    /// In the transaction.
    pub(crate) async fn within(&self, text: impl Into<Cow<'static, str>>) -> Result<Rows, SqlError> {
        let transaction = Some(self.id.clone());
        self.session.perform(Sql { text: text.into(), params: ().into(), transaction }).await
    }

    /// In the transaction.
    pub(crate) async fn within_with(
        &self,
        text: impl Into<Cow<'static, str>>,
        params: impl Into<Params>,
    ) -> Result<Rows, SqlError> {
        let transaction = Some(self.id.clone());
        self.session.perform(Sql { text: text.into(), params: params.into(), transaction }).await
    }

    pub(crate) async fn begin(&self) -> Result<(), SqlError> {
        self.act(TransactionAct::Begin, TransactionOptions::default()).await
    }

    pub(crate) async fn begin_as(&self, isolation: Isolation) -> Result<(), SqlError> {
        let options = TransactionOptions { isolation: Some(isolation), ..TransactionOptions::default() };
        self.act(TransactionAct::Begin, options).await
    }

    pub(crate) async fn begin_with(&self, options: TransactionOptions) -> Result<(), SqlError> {
        self.act(TransactionAct::Begin, options).await
    }

    pub(crate) async fn savepoint(&self) -> Result<(), SqlError> {
        self.act(TransactionAct::Savepoint(1), TransactionOptions::default()).await
    }

    pub(crate) async fn rollback_to(&self) -> Result<(), SqlError> {
        self.act(TransactionAct::RollbackTo(1), TransactionOptions::default()).await
    }

    pub(crate) async fn commit(&self) -> Result<(), SqlError> {
        self.act(TransactionAct::Commit, TransactionOptions::default()).await
    }

    pub(crate) async fn rollback(&self) -> Result<(), SqlError> {
        self.act(TransactionAct::Rollback, TransactionOptions::default()).await
    }

    async fn act(&self, act: TransactionAct, options: TransactionOptions) -> Result<(), SqlError> {
        self.session.perform(Transaction { id: self.id.clone(), act, options }).await
    }
}

/// The one value of the one row.
#[track_caller]
pub(crate) fn value<T: FromValue>(rows: Result<Rows, SqlError>) -> T {
    rows.unwrap().one().unwrap().get(0).unwrap()
}
