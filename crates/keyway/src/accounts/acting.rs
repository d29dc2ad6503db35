//! One administrative act in the making: who acts, in which organisation, in which transaction.
//! From its beginning to its end nobody else changes anything, so what it reads stays true.

use super::installation::Installation;
use super::may::{Actor, Denied, Subject, may};
use super::rights::Rights;
use super::scope::Scope;
use crate::audit::{self, Author, Event};
use crate::base::fault::Doing;
use crate::base::{Code, Fault, Refusal};
use crate::store::Tx;
use crate::store::changes::{self, Change};
use serde_json::Value;

/// An act in the making. Dropped, it has not happened.
pub struct Acting<'a> {
    /// The installation.
    pub at: &'a Installation,
    /// Its transaction.
    pub tx: Tx,
    /// Who is named in the audit log.
    pub author: Author,
    /// Who acts, with what they may do now.
    pub actor: Actor,
    /// The organisation acted in.
    pub org: String,
    /// When it began, unix milliseconds.
    pub now_ms: i64,
    changes: Vec<Change>,
}

/// What was done, for the audit log and the feed.
pub struct Deed<'a> {
    /// Event name, OpenAI's where one exists.
    pub name: &'static str,
    /// What it means to running nodes: a constant of `store::changes`.
    pub kind: &'static str,
    /// Project it belongs to, if any.
    pub project: Option<&'a str>,
    /// The object's id.
    pub object: &'a str,
    /// What was asked, without secrets.
    pub detail: Value,
}

impl<'a> Acting<'a> {
    /// Begins an act. Every other act waits until this one ends.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn begin(at: &'a Installation, author: Author, actor: Actor, org: &str) -> Result<Self, Fault> {
        let mut tx = at.db.begin_write().await?;
        changes::hold(&mut tx).await?;
        let now_ms = at.clock.now_ms();
        Ok(Self { at, tx, author, actor, org: org.to_owned(), now_ms, changes: Vec::new() })
    }

    /// Begins an act of the operator's, at the keyboard of the installation.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn of_operator(at: &'a Installation, author: Author, org: &str) -> Result<Self, Fault> {
        let actor = Actor::operator(&author.id);
        Self::begin(at, author, actor, org).await
    }

    /// Records what was done: feed row and audit row of one number.
    ///
    /// # Errors
    /// When the database cannot be used: then nothing may have happened.
    pub async fn record(&mut self, deed: Deed<'_>) -> Result<(), Fault> {
        let object = deed.object;
        self.record_for(deed, object).await
    }

    /// Records what was done to an object that means something to another: running nodes are told of
    /// `touched`.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub async fn record_for(&mut self, deed: Deed<'_>, touched: &str) -> Result<(), Fault> {
        let event = Event {
            org: &self.org,
            project: deed.project,
            name: deed.name,
            kind: deed.kind,
            object: deed.object,
            touches: Some(touched),
            detail: deed.detail,
        };
        let seq = audit::record(&mut self.tx, &self.at.clock, &self.author, &event).await?;
        self.changes.push(Change { seq, kind: deed.kind.to_owned(), object_id: touched.to_owned() });
        Ok(())
    }

    /// Makes it so. What changed is for this node to obey before it answers.
    ///
    /// # Errors
    /// When the database cannot be used: then nothing has happened.
    pub async fn commit(self) -> Result<Vec<Change>, Fault> {
        self.tx.commit().await.doing("committing the change")?;
        Ok(self.changes)
    }

    /// Whether the actor may do something to something.
    ///
    /// # Errors
    /// The refusal to answer with.
    pub fn may(&self, action: Scope, subject: Subject<'_>) -> Result<(), Refusal> {
        may(&self.actor, action, subject).map_err(Denied::into)
    }

    /// Whether the actor holds everything that a grant would give.
    ///
    /// # Errors
    /// `missing_scope`, with the field that asks for too much.
    pub fn may_grant(&self, given: &Rights, field: &'static str) -> Result<(), Refusal> {
        if self.actor.rights.covers(given) {
            return Ok(());
        }
        Err(Refusal {
            param: Some(field.into()),
            ..Refusal::new(
                Code::MissingScope,
                "Nobody grants or takes what they do not hold themselves, and this is more than this key \
                 holds.",
            )
        })
    }

    /// What a key or an invitation made in this act is bounded by: kind and id of its maker.
    #[must_use]
    pub fn maker(&self) -> (&'static str, &str) {
        match self.author.kind {
            "admin_key" => ("key", &self.actor.id),
            "user" => ("user", &self.actor.person),
            _ => ("operator", ""),
        }
    }
}
