//! A statement that lists rows, while it is put together. Conditions that a query does not need
//! are not there, so that the engines plan for what is asked.

use crate::{Fault, Work};

/// `SELECT … WHERE …`, and its parameters.
pub(crate) struct Listing {
    sql: String,
    params: Vec<Param>,
}

enum Param {
    Text(String),
    Int(i64),
}

impl Listing {
    /// Begins with `SELECT … FROM …`.
    pub fn of(select: &str) -> Self {
        Self { sql: format!("{select} WHERE 1 = 1"), params: Vec::new() }
    }

    /// A parameter; the result is its name.
    pub fn text(&mut self, value: &str) -> String {
        self.param(Param::Text(value.to_owned()))
    }

    /// A parameter; the result is its name.
    pub fn int(&mut self, value: i64) -> String {
        self.param(Param::Int(value))
    }

    /// Parameters for `IN (…)`; the result is their names, or NULL, which nothing equals.
    pub fn texts<'a>(&mut self, values: impl IntoIterator<Item = &'a String>) -> String {
        let names: Vec<_> = values.into_iter().map(|value| self.text(value)).collect();
        if names.is_empty() { "NULL".into() } else { names.join(", ") }
    }

    /// One more condition.
    pub fn and(&mut self, condition: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }

    /// Every row that fits.
    pub async fn rows(&self, work: &mut Work) -> Result<Vec<db::Row>, Fault> {
        self.run(work, &self.sql).await
    }

    /// One row for each value of these columns, in their order.
    pub async fn grouped(&self, work: &mut Work, columns: &str) -> Result<Vec<db::Row>, Fault> {
        self.run(work, &format!("{} GROUP BY {columns} ORDER BY {columns}", self.sql)).await
    }

    /// The first `limit` rows, and one more if there is one.
    pub async fn page(
        self,
        work: &mut Work,
        order: &str,
        limit: i64,
    ) -> Result<Vec<db::Row>, Fault> {
        self.first(work, order, limit + 1).await
    }

    /// The first `limit` rows.
    pub async fn first(
        mut self,
        work: &mut Work,
        order: &str,
        limit: i64,
    ) -> Result<Vec<db::Row>, Fault> {
        let limit = self.int(limit);
        let sql = format!("{} ORDER BY {order} LIMIT {limit}", self.sql);
        self.run(work, &sql).await
    }

    /// How the engine means to find the first rows, a line for each step.
    #[cfg(test)]
    pub async fn plan(mut self, work: &mut Work, order: &str, limit: i64) -> String {
        let limit = self.int(limit);
        let sql = format!("{} ORDER BY {order} LIMIT {limit}", self.sql);
        let params: Vec<_> = self.params.iter().map(Param::value).collect();
        plan(work, &sql, &params).await
    }

    fn param(&mut self, param: Param) -> String {
        self.params.push(param);
        format!("${}", self.params.len())
    }

    async fn run(&self, work: &mut Work, sql: &str) -> Result<Vec<db::Row>, Fault> {
        let params: Vec<_> = self.params.iter().map(Param::value).collect();
        Ok(work.tx.query(sql, &params).await?)
    }
}

impl Param {
    fn value(&self) -> db::Value<'_> {
        match self {
            Self::Text(text) => db::Value::Text(text),
            Self::Int(number) => db::Value::Int(*number),
        }
    }
}

/// How the engine means to carry out a statement: one engine tells it in the last column, the other
/// in the only one.
#[cfg(test)]
pub(crate) async fn plan(work: &mut Work, sql: &str, params: &[db::Value<'_>]) -> String {
    let told = work.tx.query(&format!("EXPLAIN QUERY PLAN {sql}"), params).await;
    let (rows, column) = match told {
        Ok(rows) => (rows, 3),
        Err(_) => (work.tx.query(&format!("EXPLAIN {sql}"), params).await.unwrap(), 0),
    };
    rows.iter().map(|row| row.get::<String>(column).unwrap()).collect::<Vec<_>>().join("\n")
}
