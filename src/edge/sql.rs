//! The one gateway to a Durable Object's database.
//!
//! The platform crate's cursor methods throw across wasm frames, which resets every object of the isolate, and
//! it binds no synchronous transaction; these bindings catch what is thrown and roll back what fails. Rows are
//! read as a whole before anything else is written.

use crate::core::json::Json;
use crate::wire::problem::{Code, Problem};
use js_sys::{Array, Reflect};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    type RawStorage;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &RawStorage,
        work: &mut dyn FnMut() -> Result<JsValue, JsValue>,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, getter)]
    fn sql(this: &RawStorage) -> Result<RawSql, JsValue>;

    type RawSql;

    #[wasm_bindgen(method, catch, variadic)]
    fn exec(this: &RawSql, query: &str, values: &Array) -> Result<RawCursor, JsValue>;

    type RawCursor;

    #[wasm_bindgen(method, catch, js_name = toArray)]
    fn to_array(this: &RawCursor) -> Result<Array, JsValue>;
}

/// The database of one object.
#[derive(Debug, Clone)]
pub(crate) struct Sql {
    storage: Rc<RawStorage>,
}

impl std::fmt::Debug for RawStorage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RawStorage")
    }
}

/// A value to bind. Booleans and JSON are not among them: the platform would store them as text or doubles.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bind<'a> {
    Int(i64),
    Real(f64),
    Text(&'a str),
    Null,
}

impl From<i64> for Bind<'_> {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

impl<'a> From<&'a str> for Bind<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a, T: Into<Bind<'a>>> From<Option<T>> for Bind<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Why the database did not do as asked. The message is the platform's and names no values.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the database refused: {0}")]
pub(crate) struct SqlError(pub(crate) String);

impl From<JsValue> for SqlError {
    fn from(thrown: JsValue) -> Self {
        let message =
            Reflect::get(&thrown, &JsValue::from_str("message")).ok().and_then(|message| message.as_string());
        Self(
            message
                .or_else(|| thrown.as_string())
                .unwrap_or_else(|| "an exception without a message".to_owned()),
        )
    }
}

impl From<SqlError> for Problem {
    fn from(error: SqlError) -> Self {
        Self::new(Code::Unavailable, error.to_string())
    }
}

/// A row, its columns by name.
#[derive(Debug)]
pub(crate) struct Row(JsValue);

impl Row {
    fn column(&self, name: &str) -> Result<JsValue, SqlError> {
        Ok(Reflect::get(&self.0, &JsValue::from_str(name))?)
    }

    /// A column of text.
    pub(crate) fn text(&self, name: &str) -> Result<String, SqlError> {
        self.column(name)?.as_string().ok_or_else(|| SqlError(format!("column {name} is no text")))
    }

    /// A column of whole numbers below 2^53.
    pub(crate) fn int(&self, name: &str) -> Result<i64, SqlError> {
        self.optional_int(name)?.ok_or_else(|| SqlError(format!("column {name} is no whole number")))
    }

    /// A column of whole numbers below 2^53 or null.
    #[expect(clippy::cast_possible_truncation, reason = "STRICT columns hold whole numbers only")]
    pub(crate) fn optional_int(&self, name: &str) -> Result<Option<i64>, SqlError> {
        Ok(self.column(name)?.as_f64().map(|double| double as i64))
    }

    /// A column of numbers.
    pub(crate) fn real(&self, name: &str) -> Result<f64, SqlError> {
        self.column(name)?.as_f64().ok_or_else(|| SqlError(format!("column {name} is no number")))
    }

    /// A column of JSON.
    pub(crate) fn json(&self, name: &str) -> Result<Json, SqlError> {
        Json::parse_own(self.text(name)?.as_bytes())
            .map_err(|error| SqlError(format!("column {name} is no JSON: {error}")))
    }
}

impl Sql {
    /// The database of the object with this state.
    pub(crate) fn new(state: &worker::State) -> Self {
        let storage: JsValue = state.storage().as_raw().into();
        Self { storage: Rc::new(storage.unchecked_into()) }
    }

    /// Runs one statement and reads its rows.
    #[expect(
        clippy::cast_precision_loss,
        reason = "what is bound here stays below 2^53: times, counts, sequence numbers"
    )]
    pub(crate) fn query(&self, statement: &str, values: &[Bind<'_>]) -> Result<Vec<Row>, SqlError> {
        let bound = Array::new();
        for value in values {
            bound.push(&match value {
                Bind::Int(int) => JsValue::from_f64(*int as f64),
                Bind::Real(double) => JsValue::from_f64(*double),
                Bind::Text(text) => JsValue::from_str(text),
                Bind::Null => JsValue::NULL,
            });
        }
        let rows = self.storage.sql()?.exec(statement, &bound)?.to_array()?;
        Ok(rows.iter().map(Row).collect())
    }

    /// Runs one statement that has no rows.
    pub(crate) fn run(&self, statement: &str, values: &[Bind<'_>]) -> Result<(), SqlError> {
        self.query(statement, values).map(|_| ())
    }

    /// All or nothing: what `work` wrote is rolled back where it fails. No other event comes in between.
    pub(crate) fn transaction<T, E: From<SqlError>>(
        &self,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let mut work = Some(work);
        let mut outcome = None;
        let committed = self.storage.transaction_sync(&mut || {
            let Some(work) = work.take() else { return Err(JsValue::from_str("ran twice")) };
            let result = work();
            let rolled_back = result.is_err();
            outcome = Some(result);
            if rolled_back { Err(JsValue::from_str("rolled back")) } else { Ok(JsValue::UNDEFINED) }
        });
        match (outcome, committed) {
            (Some(Err(error)), _) => Err(error),
            (_, Err(thrown)) => Err(SqlError::from(thrown).into()),
            (Some(Ok(value)), Ok(_)) => Ok(value),
            (None, Ok(_)) => Err(SqlError("the transaction did not run".to_owned()).into()),
        }
    }

    /// Brings the tables to the newest version. A step that was shipped never changes; an object that is
    /// newer than this code refuses to work rather than guess.
    pub(crate) fn migrate(&self, steps: &[&[&str]]) -> Result<(), SqlError> {
        self.transaction(|| {
            self.run("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL) STRICT", &[])?;
            let rows = self.query("SELECT coalesce(max(version), 0) AS version FROM schema_version", &[])?;
            let version = rows.first().map_or(Ok(0), |row| row.int("version"))?;
            let newest = i64::try_from(steps.len()).unwrap_or(i64::MAX);
            if version > newest {
                return Err(SqlError(format!(
                    "the tables have version {version}, and this code knows {newest}"
                )));
            }
            for (at, step) in (1..).zip(steps).filter(|(at, _)| *at > version) {
                for statement in *step {
                    self.run(statement, &[])?;
                }
                self.run("INSERT INTO schema_version (version) VALUES (?)", &[Bind::Int(at)])?;
            }
            Ok(())
        })
    }
}
