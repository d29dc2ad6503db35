//! Rows and the list of providers that are on, turned into a snapshot.

use super::builtin;
use super::kinds::{AuthStyle, Dialect, ModelKind};
use super::mistake::{Mistake, nearest};
use super::row::{Alias, Audience, Capabilities, Efforts, Model, Origin, Provider, SANDBOX, Target};
use super::rows::{AliasRow, ModelRow, ProviderRow, Rows, Stored};
use super::snapshot::{Catalog, Resolution};
use crate::base::Map;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A provider's rank where nothing is said; lower is asked first.
pub const PRIORITY_DEFAULT: u32 = 100;

impl Catalog {
    /// The snapshot of the rows that come with Keyway, completed by the operator's `own` rows, with
    /// the providers named in `on` switched on. The sandbox is always on.
    ///
    /// # Errors
    /// Every mistake in `own` that shows only when rows are put together.
    pub fn build(own: &Rows, on: &[&str]) -> Result<Self, Vec<Mistake>> {
        let (catalog, mistakes) = Self::build_with(own, &Stored::default(), on)?;
        if mistakes.is_empty() { Ok(catalog) } else { Err(mistakes) }
    }

    /// The same with what the database adds. Where two say something of one model, the operator's rows
    /// go before the database, and the database before the rows that come with Keyway; prices of the
    /// database hold beside those, each from its instant on. A row that does not fit to the others is left
    /// out, and answered with its mistake: what somebody turns on stops nobody else's.
    ///
    /// # Errors
    /// A mistake in the embedded rows; a test keeps this from happening.
    pub fn build_with(
        own: &Rows,
        stored: &Stored,
        on: &[&str],
    ) -> Result<(Self, Vec<Mistake>), Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let mut known = providers(&own.providers, &stored.providers, &mut mistakes)?;
        let audience = |name: &str| audience(name, stored, on);
        let is_on = |name: &str| audience(name).is_some();
        let (mut models, mut aliases) = (BTreeMap::new(), Vec::new());
        for name in known.keys().filter(|name| is_on(name)) {
            let rows = builtin::models(name)?;
            models.extend(rows.models.into_iter().map(|row| (row.id.clone(), (row, Origin::Builtin))));
            aliases.extend(rows.aliases);
        }
        if own.models.iter().chain(&stored.models).any(|row| row.quality.is_some()) {
            // Scores of two sources do not compare: the operator's take the place of the list's.
            models.values_mut().for_each(|(row, _)| row.quality = None);
        }
        stored_models(stored, &is_on, &mut models);
        own_models(&own.models, &known, &mut models, &mut mistakes);
        let mut catalog = Self {
            off: known.keys().filter(|name| !is_on(name)).map(|name| name.as_str().into()).collect(),
            providers: Map::default(),
            models: Vec::with_capacity(models.len()),
            targets: Vec::with_capacity(models.len()),
            aliases: Vec::new(),
            names: Map::with_capacity_and_hasher(models.len() * 2, <_>::default()),
            routes: Vec::new(),
            of_organizations: Map::default(),
            behind: Map::default(),
        };
        for (name, provider) in &mut known {
            if let Some(audience) = audience(name) {
                provider.audience = audience;
            }
        }
        for (name, provider) in known.into_iter().filter(|(name, _)| is_on(name)) {
            catalog.providers.insert(name.into(), Arc::new(provider));
        }
        for (row, origin) in models.into_values() {
            catalog.add_model(row, origin);
        }
        let bare = catalog.bare_names();
        own_replaces(&mut aliases, &own.aliases);
        let builtin_count = aliases.len() - own.aliases.len();
        for (at, row) in aliases.into_iter().enumerate() {
            catalog.add_alias(row, at >= builtin_count, own, &mut mistakes);
        }
        for (name, candidates) in bare {
            catalog.name(name, Arc::new(Resolution::of(candidates)));
        }
        catalog.add_routes(own, stored, &mut mistakes);
        Ok((catalog, mistakes))
    }

    /// Gives a name to who serves it, unless somebody has it. A name that is not everybody's leads those
    /// who cannot use it to who comes behind.
    fn name(&mut self, name: Arc<str>, resolution: Arc<Resolution>) {
        match self.names.get(&name) {
            None => {
                self.names.insert(name, resolution);
            }
            Some(taken) if !taken.is_everybodys() => self.behind.entry(name).or_default().push(resolution),
            Some(_) => {}
        }
    }

    /// Lists a model under its canonical name, when its provider is on.
    fn add_model(&mut self, row: ModelRow, origin: Origin) {
        let Some((provider, bare)) = row.id.split_once('/') else {
            return;
        };
        let Some(provider) = self.providers.get(provider).cloned() else {
            return;
        };
        let kind = row.kind.unwrap_or(ModelKind::Chat);
        let serves = |dialect: &Dialect| provider.is_sandbox() || provider.base_url(*dialect).is_some();
        let speaks: Vec<Dialect> = match row.speaks {
            Some(speaks) => {
                speaks.into_iter().filter(serves).filter(|dialect| dialect.serves(kind)).collect()
            }
            None => provider.speaks.iter().copied().filter(|dialect| dialect.serves(kind)).collect(),
        };
        // Hosts that do not say where their smaller services are have them beside their chats.
        let by_chat = speaks.is_empty() && origin != Origin::Builtin && serves(&Dialect::OpenaiChat);
        let speaks = if by_chat && !provider.is_sandbox() { kind.usual().to_vec() } else { speaks };
        // What nobody can be asked is not listed.
        if !speaks.iter().any(|dialect| dialect.is_built()) {
            return;
        }
        let model = Arc::new(Model {
            id: row.id.as_str().into(),
            provider: Arc::clone(&provider.name),
            upstream: row.upstream.as_deref().unwrap_or(bare).into(),
            context_tokens: row.context_tokens,
            output_tokens_max: row.output_tokens_max,
            capabilities: Capabilities {
                tools: row.tools,
                vision: row.vision,
                documents: row.documents,
                audio: row.audio,
                reasoning: row.reasoning,
                structured_output: row.structured_output,
                hidden_reasoning: row.hidden_reasoning.unwrap_or(false),
                thinking: row.thinking,
                efforts: Efforts::of(row.efforts.as_deref().unwrap_or_default()),
                sampling: row.sampling,
                forced_tools: row.forced_tools,
            },
            prices: row.prices.unwrap_or_default(),
            created: row.created,
            kind,
            speaks,
            quality: row.quality.map(Box::new),
            origin,
            place: row.place,
        });
        let target = Arc::new(Target {
            id: Arc::clone(&model.id),
            provider,
            upstream: Arc::clone(&model.upstream),
            model: Some(Arc::clone(&model)),
        });
        let resolution = Arc::new(Resolution::of(vec![Arc::clone(&target)]));
        self.names.insert(Arc::clone(&model.id), resolution);
        self.targets.push(target);
        self.models.push(model);
    }

    /// The names without provider, and who serves each, by priority and then by name. The
    /// sandbox has none: nothing gets there by accident.
    fn bare_names(&self) -> Map<Arc<str>, Vec<Arc<Target>>> {
        let mut bare: Map<Arc<str>, Vec<Arc<Target>>> =
            Map::with_capacity_and_hasher(self.models.len(), <_>::default());
        for model in self.models.iter().filter(|model| &*model.provider != SANDBOX) {
            let target = self.names.get(&model.id).and_then(|found| found.candidates.first());
            bare.entry(model.bare().into()).or_default().extend(target.cloned());
        }
        for candidates in bare.values_mut() {
            candidates.sort_by(|a, b| (a.provider.priority, &a.id).cmp(&(b.provider.priority, &b.id)));
        }
        bare
    }

    /// Lists an alias, when its target is on. One that is written with its target's provider
    /// answers to the name without it too, as models do.
    fn add_alias(&mut self, row: AliasRow, own: bool, rows: &Rows, mistakes: &mut Vec<Mistake>) {
        let Some(target) = row.target else { return };
        let mut wrong = |problem: String, fix: String| {
            mistakes.push(Mistake::new(row.place.clone(), format!("aliases.{}", row.name), problem, fix));
        };
        let found = match self.resolve(&target) {
            Ok(found) => found,
            Err(_) => {
                if own && let Some(fix) = self.fix_of_target(&target, rows) {
                    wrong(format!("points at `{target}`, which nobody serves"), fix);
                }
                return;
            }
        };
        if found.alias.is_some() {
            return wrong(
                format!("points at `{target}`, another alias"),
                "point at the model itself".to_owned(),
            );
        }
        if found.candidates.iter().all(|candidate| *candidate.id != *target) {
            return wrong(
                format!("points at `{target}`"),
                "write the target as \"provider/name\"".to_owned(),
            );
        }
        let taken = self.names.get(row.name.as_str());
        if taken.is_some_and(|taken| taken.alias.is_none() && taken.is_everybodys()) {
            return wrong("is the name of a model already".to_owned(), "choose another name".to_owned());
        }
        let (name, notice, set, place) = (row.name, row.notice, row.set, row.place);
        let alias = Arc::new(Alias { name, target, notice, set, place });
        let resolution = Arc::new(Resolution {
            alias: Some(Arc::clone(&alias)),
            ..Resolution::of(found.candidates.clone())
        });
        let bare = alias
            .name
            .split_once('/')
            .filter(|(provider, _)| alias.target.split('/').next() == Some(provider));
        if let Some((_, bare)) = bare {
            self.name(bare.into(), Arc::clone(&resolution));
        }
        let name: Arc<str> = alias.name.as_str().into();
        match self.names.get(&name) {
            // The bare name of another alias.
            Some(taken) if taken.alias.is_some() => {
                let taken = self.names.insert(Arc::clone(&name), resolution);
                let behind = self.behind.entry(name).or_default();
                behind.splice(0..0, taken);
            }
            _ => self.name(name, resolution),
        }
        self.aliases.push(alias);
    }

    /// What to write instead of a target that resolves to nothing; `None` when its provider is
    /// known and merely off.
    fn fix_of_target(&self, target: &str, own: &Rows) -> Option<String> {
        let provider = target.split_once('/').map(|(provider, _)| provider);
        if provider.is_some_and(|provider| self.off.iter().any(|off| &**off == provider)) {
            return None;
        }
        let own = own.models.iter().map(|row| row.id.as_str());
        let near = nearest(target, self.models.iter().map(|model| &*model.id).chain(own));
        Some(near.map_or_else(
            || "write the target as \"provider/name\" of a listed model".to_owned(),
            |near| format!("did you mean `{near}`?"),
        ))
    }
}

/// For whom a provider is on; `None` where it is off.
fn audience(name: &str, stored: &Stored, on: &[&str]) -> Option<Audience> {
    if name == SANDBOX {
        return Some(Audience::Everybody);
    }
    if stored.off.iter().any(|off| off == name) {
        return None;
    }
    if on.contains(&name) {
        return Some(Audience::Everybody);
    }
    stored.on.iter().find(|(provider, _)| provider == name).map(|(_, audience)| audience.clone())
}

/// All provider rows by name, the operator's laid over the ones that come with Keyway.
///
/// # Errors
/// A mistake in the embedded rows; a test keeps this from happening.
pub fn merged(own: &[ProviderRow]) -> Result<BTreeMap<String, ProviderRow>, Vec<Mistake>> {
    let builtin = builtin::providers()?.providers.into_iter();
    let mut rows: BTreeMap<String, ProviderRow> = builtin.map(|row| (row.name.clone(), row)).collect();
    for row in own {
        let merged = match rows.remove(&row.name) {
            Some(base) => laid_over(row, base),
            None => row.clone(),
        };
        rows.insert(row.name.clone(), merged);
    }
    Ok(rows)
}

/// All providers by name, and what is wrong with the operator's.
fn providers(
    own: &[ProviderRow],
    stored: &[ProviderRow],
    mistakes: &mut Vec<Mistake>,
) -> Result<BTreeMap<String, Provider>, Vec<Mistake>> {
    let both: Vec<ProviderRow> = stored.iter().chain(own).cloned().collect();
    let rows = merged(&both)?;
    for row in own {
        let path = format!("providers.{}", row.name);
        if row.name == SANDBOX {
            let fix = "choose another name; the sandbox needs no settings";
            mistakes.push(Mistake::new(row.place.clone(), path, "is built in", fix));
            continue;
        }
        let urls = rows.get(&row.name).and_then(|merged| merged.base_url.as_deref());
        let spoken = row.speaks.clone().or_else(|| urls.is_none().then(|| vec![Dialect::OpenaiChat]));
        for dialect in spoken.iter().flatten().filter(|dialect| dialect.is_built()) {
            if !urls.into_iter().flatten().any(|(of, _)| of == dialect) {
                let problem = format!("has no base_url for {}", dialect.word());
                let fix = "write base_url = \"https://host/v1\"";
                mistakes.push(Mistake::new(row.place.clone(), path.clone(), problem, fix));
            }
        }
    }
    let origin = |name: &str| {
        let has = |rows: &[ProviderRow]| rows.iter().any(|row| row.name == name);
        match () {
            () if has(own) => Origin::Config,
            () if has(stored) => Origin::Stored,
            () => Origin::Builtin,
        }
    };
    Ok(rows.into_iter().map(|(name, row)| (name.clone(), checked(row, origin(&name)))).collect())
}

/// Each field of `own`, else of `base`.
fn laid_over(own: &ProviderRow, base: ProviderRow) -> ProviderRow {
    let own = own.clone();
    ProviderRow {
        name: own.name,
        place: own.place,
        display_name: own.display_name.or(base.display_name),
        base_url: own.base_url.or(base.base_url),
        // A style for every dialect takes the place of those for single ones.
        auth_by: own.auth_by.or(if own.auth.is_some() { None } else { base.auth_by }),
        auth: own.auth.or(base.auth),
        speaks: own.speaks.or(base.speaks),
        env: own.env.or(base.env),
        region: own.region.or(base.region),
        token_url: own.token_url.or(base.token_url),
        api_version: own.api_version.or(base.api_version),
        host_env: own.host_env.or(base.host_env),
        host_port: own.host_port.or(base.host_port),
        priority: own.priority.or(base.priority),
        concurrency_max: own.concurrency_max.or(base.concurrency_max),
        lists: own.lists.or(base.lists),
        models_any: own.models_any.or(base.models_any),
        credential_optional: own.credential_optional.or(base.credential_optional),
        enabled: own.enabled.or(base.enabled),
        quirks: own.quirks.or(base.quirks),
        zero_retention: own.zero_retention.or(base.zero_retention),
        credential: own.credential.or(base.credential),
        balance: own.balance.or(base.balance),
    }
}

fn checked(row: ProviderRow, origin: Origin) -> Provider {
    let base_urls = row.base_url.unwrap_or_default();
    let mut speaks = row.speaks.unwrap_or_else(|| vec![Dialect::OpenaiChat]);
    // A base URL of the operator's replaces all of the row's: what has no address is not spoken.
    if row.name != SANDBOX {
        speaks.retain(|dialect| base_urls.iter().any(|(of, _)| of == dialect));
    }
    Provider {
        display_name: row.display_name.unwrap_or_else(|| row.name.clone()),
        name: row.name.into(),
        base_urls,
        auth: row.auth.unwrap_or(AuthStyle::Bearer),
        auth_by: row.auth_by.unwrap_or_default(),
        speaks,
        region: row.region,
        token_url: row.token_url,
        api_version: row.api_version,
        env: row.env.unwrap_or_default(),
        credential_optional: row.credential_optional.unwrap_or(false),
        priority: row.priority.unwrap_or(PRIORITY_DEFAULT),
        concurrency_max: row.concurrency_max,
        models_any: row.models_any.unwrap_or(false),
        quirks: row.quirks.unwrap_or_default(),
        balance: row.balance,
        zero_retention: row.zero_retention.unwrap_or(false),
        audience: Audience::Everybody,
        origin,
        place: row.place,
    }
}

/// Lays the database's rows over the ones that come with Keyway, and adds its prices.
fn stored_models(
    stored: &Stored,
    is_on: &impl Fn(&str) -> bool,
    models: &mut BTreeMap<String, (ModelRow, Origin)>,
) {
    let is_on =
        |id: &str| id.split_once('/').is_some_and(|(provider, _)| provider != SANDBOX && is_on(provider));
    for row in stored.models.iter().filter(|row| is_on(&row.id)) {
        let base = models.remove(&row.id).map(|(base, _)| base);
        models.insert(row.id.clone(), (model_laid_over(row, base), Origin::Stored));
    }
    for (model, price) in &stored.prices {
        let Some((row, _)) = models.get_mut(model) else { continue };
        let list = &mut row.prices.get_or_insert_default().0;
        list.push(price.clone());
        // Of two that hold from one instant on, the later one is the database's.
        list.sort_by_key(|price| price.from_ms);
    }
}

/// Lays the operator's model rows over the ones that come with Keyway.
fn own_models(
    own: &[ModelRow],
    known: &BTreeMap<String, Provider>,
    models: &mut BTreeMap<String, (ModelRow, Origin)>,
    mistakes: &mut Vec<Mistake>,
) {
    for row in own {
        let Some((provider, _)) = row.id.split_once('/') else {
            continue;
        };
        if !known.contains_key(provider) || provider == SANDBOX {
            let fix = nearest(provider, known.keys().map(String::as_str)).map_or_else(
                || format!("write a [providers.{provider}] table"),
                |near| format!("did you mean `{near}`? Else write a [providers.{provider}] table"),
            );
            let problem = format!("belongs to `{provider}`, which is no provider of yours");
            mistakes.push(Mistake::new(row.place.clone(), format!("models.\"{}\"", row.id), problem, fix));
            continue;
        }
        let base = models.remove(&row.id).map(|(base, _)| base);
        models.insert(row.id.clone(), (model_laid_over(row, base), Origin::Config));
    }
}

fn model_laid_over(own: &ModelRow, base: Option<ModelRow>) -> ModelRow {
    let own = own.clone();
    let Some(base) = base else { return own };
    ModelRow {
        id: own.id,
        place: own.place,
        upstream: own.upstream.or(base.upstream),
        context_tokens: own.context_tokens.or(base.context_tokens),
        output_tokens_max: own.output_tokens_max.or(base.output_tokens_max),
        tools: own.tools.or(base.tools),
        vision: own.vision.or(base.vision),
        documents: own.documents.or(base.documents),
        audio: own.audio.or(base.audio),
        reasoning: own.reasoning.or(base.reasoning),
        structured_output: own.structured_output.or(base.structured_output),
        hidden_reasoning: own.hidden_reasoning.or(base.hidden_reasoning),
        thinking: own.thinking.or(base.thinking),
        efforts: own.efforts.or(base.efforts),
        sampling: own.sampling.or(base.sampling),
        forced_tools: own.forced_tools.or(base.forced_tools),
        speaks: own.speaks.or(base.speaks),
        quality: own.quality.or(base.quality),
        created: own.created.or(base.created),
        kind: own.kind.or(base.kind),
        prices: own.prices.or(base.prices),
    }
}

/// The operator's aliases take the place of those of the same name.
fn own_replaces(aliases: &mut Vec<AliasRow>, own: &[AliasRow]) {
    let bare = |name: &str, target: Option<&str>| {
        let (provider, bare) = name.split_once('/')?;
        (target?.split('/').next() == Some(provider)).then(|| bare.to_owned())
    };
    aliases.retain(|row| {
        let short = bare(&row.name, row.target.as_deref());
        !own.iter().any(|own| own.name == row.name || short.as_ref() == Some(&own.name))
    });
    aliases.extend(own.iter().cloned());
}
