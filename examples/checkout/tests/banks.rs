//! The program's own bank; and that the bank of the other tests answers as it does.

use std::time::Duration;

use segno::{
    HttpRequest,
    http::Method,
    testing::{Client, TestRequest, World, explore, get, post, request, simulate},
};

use super::world::{Town, world};
use crate::{payment::BANK, router};

#[test]
fn the_bank_of_the_tests_answers_as_the_real_one() {
    let said = [
        (Method::GET, "/charges/a", ""),
        (Method::POST, "/charges", "card=4242&cents=5"),
        (Method::POST, "/charges", "card=4000&cents=5"),
        (Method::GET, "/charges/a", ""),
        (Method::DELETE, "/charges/a", ""),
        (Method::DELETE, "/charges/b", ""),
        (Method::DELETE, "/charges/b", ""),
        (Method::GET, "/charges/b", ""),
    ];
    let declined = [
        (Method::POST, "/charges", "card=4000&cents=5"),
        (Method::POST, "/charges", "card=4242&cents=5"),
        (Method::DELETE, "/charges/a", ""),
        (Method::GET, "/charges/a", ""),
    ];
    let void = [(Method::DELETE, "/charges/a", ""), (Method::POST, "/charges", "card=4242&cents=5")];
    for said in [&said[..], &declined, &void] {
        let town = world();
        let fake: Vec<_> = said.iter().map(|(method, path, body)| fake(&town, method, path, body)).collect();
        let clients = |number: usize| {
            let (method, path, body) = &said[number];
            let request = request(method.clone(), &format!("/bank{path}")).header("idempotency-key", "a").body(*body);
            Client::new(request).arrives(Duration::from_secs(number as u64 + 1))
        };
        simulate(router(), world).clients(said.len(), clients).faults(0).check(|_, ends| {
            let real: Vec<_> = ends.iter().filter_map(|end| end.status()).collect();
            assert_eq!(fake, real, "{said:?}");
        });
    }
}

fn fake(town: &World<Town>, method: &Method, path: &str, body: &'static str) -> u16 {
    let request = HttpRequest::new(method.clone(), format!("{BANK}{path}")).header("idempotency-key", "a").unwrap();
    town.own().bank.answer(&request.body(body)).status.as_u16()
}

/// However they meet: who is told that it is charged, or void, is told what stays true.
#[test]
fn a_charge_and_its_end_may_meet() {
    let void = || request(Method::DELETE, "/bank/charges/order-7");
    simulate(router(), world).clients(2, |_| charge("4242")).client(void()).with_faults().faults(1).check(
        |world, ends| {
            let state = world.sqlite().query("select state from charge", ()).optional().unwrap();
            let state: Option<String> = state.map(|row| row.get("state").unwrap());
            for (end, told) in ends.iter().zip(["charged", "charged", "void"]) {
                assert!(!end.succeeded() || state.as_deref() == Some(told), "{end}, and it is {state:?}");
            }
        },
    );
}

#[test]
fn a_charge_without_a_key_or_a_card_is_refused() {
    let refused = [post("/bank/charges").body("card=4242&cents=5"), charge("x"), charge("")];
    for request in refused {
        explore(router(), world).request(request).without_faults().stops(&[]).check(|world, end| {
            assert_eq!(end.status(), Some(400));
            assert_eq!(world.sqlite().value::<i64>("select count(*) from charge", ()), 0);
        });
    }
}

/// It has charged by then, so that it says so whenever it is asked.
#[test]
fn a_slow_answer_comes_after_the_charge() {
    let impatient = Client::new(charge("4500")).vanishes_after(Duration::from_secs(3));
    let later = Client::new(get("/bank/charges/order-7")).arrives(Duration::from_secs(5));
    simulate(router(), world).client(impatient).client(later).faults(0).check(|_, ends| {
        assert_eq!((ends[0].status(), ends[1].status()), (None, Some(200)));
    });
}

fn charge(card: &str) -> TestRequest {
    post("/bank/charges").header("idempotency-key", "order-7").body(format!("card={card}&cents=998"))
}
