//! The rows of one connection: on the ledger's own they can be written, on a reader's SQLite refuses it.

use ahoy_calling::account::{App, Business, Number, Subscription, Token, User, Waba};
use ahoy_calling::{Call, Pair};
use ahoy_types::{
    AppId, BusinessId, CallId, DeliveryId, PhoneNumberId, RuleTime, TimerId, TokenHash, WaId,
    WabaId,
};
use rusqlite::Connection;

use super::{accounts, apps, calls, outbox, state, timers, users};
use crate::{
    Attempt, Delivery, DeliveryFilter, Dump, NewDelivery, NumberOverride, Page, Result, Rows,
    Timer, TimerKind, Tx,
};

/// A connection inside a transaction.
pub(super) struct View<'c>(pub(super) &'c Connection);

impl Rows for View<'_> {
    fn business(&mut self, id: BusinessId) -> Result<Option<Business>> {
        accounts::business(self.0, id)
    }
    fn waba(&mut self, id: WabaId) -> Result<Option<Waba>> {
        accounts::waba(self.0, id)
    }
    fn number(&mut self, id: PhoneNumberId) -> Result<Option<Number>> {
        accounts::number(self.0, id)
    }
    fn number_by_digits(&mut self, number: WaId) -> Result<Option<Number>> {
        accounts::number_by_digits(self.0, number)
    }
    fn numbers_of(&mut self, waba: WabaId, page: Page<PhoneNumberId>) -> Result<Vec<Number>> {
        accounts::numbers_of(self.0, waba, page)
    }
    fn numbers(&mut self, page: Page<PhoneNumberId>) -> Result<Vec<Number>> {
        accounts::numbers(self.0, page)
    }
    fn app(&mut self, id: AppId) -> Result<Option<App>> {
        apps::app(self.0, id)
    }
    fn token(&mut self, hash: &TokenHash) -> Result<Option<Token>> {
        apps::token(self.0, hash)
    }
    fn subscriptions(&mut self, waba: WabaId) -> Result<Vec<Subscription>> {
        apps::subscriptions(self.0, waba)
    }
    fn number_override(
        &mut self,
        number: PhoneNumberId,
        app: AppId,
    ) -> Result<Option<NumberOverride>> {
        apps::number_override(self.0, number, app)
    }
    fn user(&mut self, wa_id: WaId) -> Result<Option<User>> {
        users::user(self.0, wa_id)
    }
    fn users(&mut self, limit: usize) -> Result<Vec<User>> {
        users::users(self.0, limit)
    }
    fn pair(&mut self, number: PhoneNumberId, user: WaId) -> Result<Pair> {
        calls::pair(self.0, number, user)
    }
    fn call(&mut self, id: &CallId) -> Result<Option<Call>> {
        calls::call(self.0, id)
    }
    fn live_call_of_pair(&mut self, number: PhoneNumberId, user: WaId) -> Result<Option<CallId>> {
        calls::live_call_of_pair(self.0, number, user)
    }
    fn live_calls_of(&mut self, number: PhoneNumberId) -> Result<u32> {
        calls::live_calls_of(self.0, number)
    }
    fn live_calls(&mut self) -> Result<Vec<Call>> {
        calls::live_calls(self.0)
    }
    fn connects_since(&mut self, number: PhoneNumberId, since: RuleTime, cap: u32) -> Result<u32> {
        calls::connects_since(self.0, number, since, cap)
    }
    fn calls_of_user(&mut self, user: WaId, limit: usize) -> Result<Vec<Call>> {
        calls::calls_of_user(self.0, user, limit)
    }
    fn calls_of_pair(
        &mut self,
        number: PhoneNumberId,
        user: WaId,
        limit: usize,
    ) -> Result<Vec<Call>> {
        calls::calls_of_pair(self.0, number, user, limit)
    }
    fn next_timer(&mut self) -> Result<Option<Timer>> {
        timers::next_timer(self.0)
    }
    fn delivery(&mut self, id: DeliveryId) -> Result<Option<Delivery>> {
        outbox::delivery(self.0, id)
    }
    fn deliveries(&mut self, filter: &DeliveryFilter) -> Result<Vec<Delivery>> {
        outbox::deliveries(self.0, filter)
    }
    fn attempts(&mut self, id: DeliveryId) -> Result<Vec<Attempt>> {
        outbox::attempts(self.0, id)
    }
    fn lane_held(&mut self, app: AppId, lane: &CallId) -> Result<bool> {
        outbox::lane_held(self.0, app, lane)
    }
    fn lane_next(&mut self, app: AppId, lane: &CallId) -> Result<Option<DeliveryId>> {
        outbox::lane_next(self.0, app, lane)
    }
    fn last_delivery(&mut self) -> Result<Option<DeliveryId>> {
        outbox::last_delivery(self.0)
    }
    fn sending(&mut self) -> Result<Vec<DeliveryId>> {
        outbox::sending(self.0)
    }
    fn meta(&mut self, key: &str) -> Result<Option<String>> {
        timers::meta(self.0, key)
    }
    fn dump(&mut self) -> Result<Dump> {
        state::dump(self.0)
    }
}

impl Tx for View<'_> {
    fn put_business(&mut self, row: &Business) -> Result<()> {
        accounts::put_business(self.0, row)
    }
    fn put_waba(&mut self, row: &Waba) -> Result<()> {
        accounts::put_waba(self.0, row)
    }
    fn put_number(&mut self, row: &Number) -> Result<()> {
        accounts::put_number(self.0, row)
    }
    fn put_app(&mut self, row: &App) -> Result<()> {
        apps::put_app(self.0, row)
    }
    fn put_token(&mut self, row: &Token) -> Result<()> {
        apps::put_token(self.0, row)
    }
    fn put_subscription(&mut self, row: &Subscription) -> Result<()> {
        apps::put_subscription(self.0, row)
    }
    fn delete_subscription(&mut self, waba: WabaId, app: AppId) -> Result<bool> {
        apps::delete_subscription(self.0, waba, app)
    }
    fn put_number_override(&mut self, row: &NumberOverride) -> Result<()> {
        apps::put_number_override(self.0, row)
    }
    fn delete_number_override(&mut self, number: PhoneNumberId, app: AppId) -> Result<bool> {
        apps::delete_number_override(self.0, number, app)
    }
    fn put_user(&mut self, row: &User) -> Result<()> {
        users::put_user(self.0, row)
    }
    fn put_pair(&mut self, number: PhoneNumberId, user: WaId, row: &Pair) -> Result<()> {
        calls::put_pair(self.0, number, user, row)
    }
    fn put_call(&mut self, row: &Call) -> Result<()> {
        calls::put_call(self.0, row)
    }
    fn put_report(&mut self, id: &CallId, report: &str) -> Result<()> {
        calls::put_report(self.0, id, report)
    }
    fn add_timer(&mut self, due: RuleTime, kind: &TimerKind) -> Result<TimerId> {
        timers::add_timer(self.0, due, kind)
    }
    fn delete_timer(&mut self, id: TimerId) -> Result<bool> {
        timers::delete_timer(self.0, id)
    }
    fn delete_timers_of_call(&mut self, call: &CallId) -> Result<()> {
        timers::delete_timers_of_call(self.0, call)
    }
    fn add_delivery(&mut self, row: &NewDelivery) -> Result<DeliveryId> {
        outbox::add_delivery(self.0, row)
    }
    fn update_delivery(&mut self, row: &Delivery) -> Result<()> {
        outbox::update_delivery(self.0, row)
    }
    fn add_attempt(&mut self, row: &Attempt) -> Result<()> {
        outbox::add_attempt(self.0, row)
    }
    fn prune_deliveries(&mut self, before: RuleTime, limit: u32) -> Result<u32> {
        outbox::prune_deliveries(self.0, before, limit)
    }
    fn prune_sdps(&mut self, before: RuleTime, limit: u32) -> Result<u32> {
        calls::prune_sdps(self.0, before, limit)
    }
    fn put_meta(&mut self, key: &str, value: &str) -> Result<()> {
        timers::put_meta(self.0, key, value)
    }
}
