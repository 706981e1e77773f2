//! Laws: each is broken by a handler, kept by its twin, and can be switched off.

use segno::{
    Entry, Handler, Io, Request, Response, ResponseHead, Result, Standard, Transaction, TransactionAct, TransactionId,
    TransactionOptions, Write,
    testing::{End, Law, World, explore},
};

use crate::bank::{self, Charge};

async fn closes_what_never_began(mut io: Io, _: Request) -> Result<Response> {
    let id = TransactionId::new(io.next_path());
    let _ = io.perform(Transaction { id, act: TransactionAct::Rollback, options: TransactionOptions::default() }).await;
    Ok(Response::text("done"))
}

async fn begins_by_a_statement(mut io: Io, _: Request) -> Result<Response> {
    let _ = io.sql("  -- now\n begin immediate", ()).await;
    Ok(Response::text("done"))
}

async fn writes_before_its_head(mut io: Io, _: Request) -> Result<Response> {
    let _ = io.perform(Write("early".into())).await;
    Ok(Response::text("done"))
}

async fn informs_after_its_head(mut io: Io, _: Request) -> Result<Response> {
    let out = io.respond(ResponseHead::text()).await?;
    let _ = io.inform(ResponseHead::new(103)).await;
    Ok(out.end())
}

async fn compensates_after_a_stop(mut io: Io, _: Request) -> Result<Response> {
    if io.now().await.is_err() {
        let _ = io.sql("delete from hold", ()).await;
    }
    Ok(Response::text("done"))
}

#[test]
fn every_law_is_broken_by_somebody_and_can_be_switched_off() {
    let handlers: [(Handler, Law, &str); 5] = [
        (Handler::new(closes_what_never_began), Law::TransactionsClose, "is closed by Rollback, and never began"),
        (Handler::new(begins_by_a_statement), Law::TransactionsAreScopes, "controls a transaction by hand"),
        (Handler::new(writes_before_its_head), Law::OneResponse, "a piece is sent before the head"),
        (Handler::new(informs_after_its_head), Law::OneResponse, "an interim response is sent after the head"),
        (Handler::new(compensates_after_a_stop), Law::QuietAfterStop, "asked for sql, which was refused"),
    ];
    for (handler, law, what) in handlers {
        let finding = explore(handler.clone(), World::new).find(|_, _| ()).expect_err(what);
        assert!(finding.what().contains(what) && finding.what().contains(&format!("{law:?}")), "{finding}");
        explore(handler, World::new).without(law).check(|_, _| ());
    }
}

#[test]
fn what_may_have_happened_is_not_asked_for_again() {
    let after_timeout = async |mut io: bank::Io, _: Request| {
        if io.perform(Charge(1)).await.is_err_and(|error| error.kind == bank::ChargeErrorKind::Timeout) {
            io.perform(Charge(1)).await?;
        }
        Ok(Response::text("done"))
    };
    let after_a_lost_race = async |mut io: bank::Io, _: Request| {
        let second = std::time::Duration::from_secs(1);
        if io.timeout(second, async |io| io.perform(Charge(1)).await).await.is_err() {
            io.perform(Charge(1)).await?;
        }
        Ok(Response::text("done"))
    };
    let another = async |mut io: bank::Io, _: Request| {
        let refused = io.perform(Charge(1)).await.is_err_and(|error| error.happened == segno::Happened::No);
        if refused && io.stopped().is_none() {
            io.perform(Charge(1)).await?;
        }
        Ok(Response::text("done"))
    };
    for exploration in [explore(after_timeout, bank::world), explore(after_a_lost_race, bank::world)] {
        let finding = exploration.find(|_, _| ()).unwrap_err();
        assert!(finding.what().contains("charge is asked for again, and may have happened before"), "{finding}");
    }
    explore(another, bank::world).check(|_, _| ());
}

#[test]
fn laws_of_ones_own_see_the_trace_and_the_end() {
    let no_more_than_two = |trace: &segno::Trace<Standard>, end: &End| {
        let asked = trace.entries.iter().filter(|entry| matches!(entry, Entry::Asked { .. })).count();
        if asked <= 2 || end.error().is_some() { Ok(()) } else { Err(format!("asks {asked} times")) }
    };
    let two = async |mut io: Io, _: Request| Ok(Response::text(format!("{} {}", io.now().await?, io.now().await?)));
    let three = async |mut io: Io, _: Request| {
        let times = io.join3(async |io| io.now().await, async |io| io.now().await, async |io| io.now().await).await;
        assert!(times.0.is_ok() || times.1.is_err());
        Ok(Response::text("done"))
    };
    explore(two, World::new).law("few asks", no_more_than_two).check(|_, _| ());
    let finding = explore(three, World::new).law("few asks", no_more_than_two).find(|_, _| ()).unwrap_err();
    assert_eq!(finding.what(), "the law `few asks` is broken: asks 3 times");
}
