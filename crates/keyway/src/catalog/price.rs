//! Price tables: `price = { input = 0.50, output = 1.50 }` in USD per million tokens.

use super::fields::{HOURS_FIELDS, PRICE_FIELDS, TIER_FIELDS};
use super::kinds::ModelKind;
use super::written::{Fields, Reader};
use ledger::price::{Hours, Price, PriceList, Rates};

/// The largest token count a row may name.
pub const TOKENS_MAX: u64 = 1_000_000_000;

/// What holds for every number of a file that does not say it itself.
#[derive(Debug, Clone, Default)]
pub struct Sourced {
    /// The day the numbers were read; names the version of a price without `from`.
    pub as_of: Option<String>,
    /// Where they were read.
    pub source: Option<String>,
}

/// Reads `price` or `prices` of the model `id`; `None` when neither is there.
pub fn read(
    reader: &mut Reader,
    fields: &Fields<'_>,
    id: &str,
    kind: ModelKind,
    defaults: &Sourced,
) -> Option<PriceList> {
    let single = reader.table(fields, "price");
    let several = reader.tables(fields, "prices");
    if fields.table.contains_key("price") && fields.table.contains_key("prices") {
        reader.wrong(fields, "prices", "stands beside price", "keep one of the two");
    }
    if !fields.table.contains_key("price") && !fields.table.contains_key("prices") {
        return None;
    }
    let mut list: Vec<Price> = Vec::new();
    for table in single.into_iter().chain(several) {
        let price = read_one(reader, &table, id, kind, defaults);
        match list.last() {
            Some(before) if before.from_ms >= price.from_ms => {
                reader.wrong(&table, "from", "is not later than the price before it", "order prices by day");
            }
            _ => list.push(price),
        }
    }
    Some(PriceList(list))
}

fn read_one(
    reader: &mut Reader,
    fields: &Fields<'_>,
    id: &str,
    kind: ModelKind,
    defaults: &Sourced,
) -> Price {
    reader.check_known(fields, PRICE_FIELDS);
    let unit = unit(kind);
    let by_unit = unit.is_some_and(|(name, _)| fields.table.contains_key(name));
    for (name, _) in UNITS.iter().map(|(_, unit)| unit).filter(|other| Some(**other) != unit) {
        if fields.table.contains_key(name) {
            reader.wrong(fields, name, "is not what this kind of model is billed by", "leave it out");
        }
    }
    for name in ["input", "output"] {
        // Vectors have no answer tokens: nothing is to be told of them.
        let told = !by_unit && (name == "input" || !matches!(kind, ModelKind::Embedding | ModelKind::Rerank));
        if told && !fields.table.contains_key(name) {
            let fix = format!("write {name} = 0 when it is free");
            reader.wrong(fields, name, "is missing", fix);
        }
    }
    let mut base = rates(reader, fields, Rates::default());
    base.unit = unit.and_then(|(name, per_million)| {
        let rate = u128::from(reader.usd(fields, name)?) * per_million.0;
        u64::try_from(rate.div_ceil(per_million.1)).ok()
    });
    if !fields.table.contains_key("output") {
        base.output = base.input;
    }
    let from = reader.date(fields, "from");
    let source = reader.string(fields, "source").map(str::to_owned);
    let mut price = Price {
        version: String::new(),
        from_ms: from.as_ref().map_or(0, |(ms, _)| *ms),
        source: source.or_else(|| defaults.source.clone()).unwrap_or_else(|| "keyway.toml".to_owned()),
        base,
        context_tiers: tiers(reader, fields, base),
        hours: hours(reader, fields, base),
        per_request: reader.usd(fields, "per_request").unwrap_or(0),
    };
    let read = reader.date(fields, "as_of").map(|(_, day)| day);
    let day = from.map(|(_, day)| day).or(read).or_else(|| defaults.as_of.clone());
    price.version = match day {
        Some(day) => format!("{id}@{day}"),
        None => format!("{id}@{:08x}", digest(&price)),
    };
    price
}

/// A field, and what makes its value a rate per million units: times the first, by the second. A minute is
/// counted in seconds.
type Unit = (&'static str, (u128, u128));

const UNITS: [(ModelKind, Unit); 4] = [
    (ModelKind::Rerank, ("search", (1_000_000, 1))),
    (ModelKind::Image, ("image", (1_000_000, 1))),
    (ModelKind::Speech, ("characters", (1, 1))),
    (ModelKind::Transcription, ("minute", (1_000_000, 60))),
];

/// What models of a kind are billed by besides tokens.
fn unit(kind: ModelKind) -> Option<Unit> {
    UNITS.iter().find(|(of, _)| *of == kind).map(|(_, unit)| *unit)
}

/// A price without a day is named by its numbers, so that an edit of the file is a new version.
fn digest(price: &Price) -> u32 {
    let numbers =
        format!("{:?} {:?} {:?} {}", price.base, price.context_tiers, price.hours, price.per_request);
    crc32fast::hash(numbers.as_bytes())
}

/// The rates of a table; what it does not tell is as in `base`.
fn rates(reader: &mut Reader, fields: &Fields<'_>, base: Rates) -> Rates {
    let mut usd = |name| reader.usd(fields, name);
    Rates {
        input: usd("input").unwrap_or(base.input),
        output: usd("output").unwrap_or(base.output),
        cache_read: usd("cache_read").or(base.cache_read),
        cache_write_5m: usd("cache_write").or(base.cache_write_5m),
        cache_write_1h: usd("cache_write_1h").or(base.cache_write_1h),
        reasoning: usd("reasoning").or(base.reasoning),
        in_audio: usd("input_audio").or(base.in_audio),
        in_image: usd("input_image").or(base.in_image),
        out_audio: usd("output_audio").or(base.out_audio),
        unit: base.unit,
    }
}

fn tiers(reader: &mut Reader, fields: &Fields<'_>, base: Rates) -> Vec<(u64, Rates)> {
    let mut found: Vec<(u64, Rates)> = Vec::new();
    for tier in reader.tables(fields, "tiers") {
        reader.check_known(&tier, TIER_FIELDS);
        let above = reader.number(&tier, "above_input_tokens", 1..=TOKENS_MAX);
        if !tier.table.contains_key("above_input_tokens") {
            reader.wrong(
                &tier,
                "above_input_tokens",
                "is missing",
                "write above how many prompt tokens it holds",
            );
        }
        let rates = rates(reader, &tier, base);
        let Some(above) = above else { continue };
        if found.last().is_some_and(|(before, _)| *before >= above) {
            reader.wrong(
                &tier,
                "above_input_tokens",
                "is not above the entry before it",
                "order tiers upwards",
            );
        }
        found.push((above, rates));
    }
    found
}

fn hours(reader: &mut Reader, fields: &Fields<'_>, base: Rates) -> Vec<(Hours, Rates)> {
    let mut found = Vec::new();
    for entry in reader.tables(fields, "hours") {
        reader.check_known(&entry, HOURS_FIELDS);
        let weekdays = weekdays(reader, &entry);
        let except_days = except(reader, &entry);
        let from_minute = minute(reader, &entry, "from");
        let to_minute = minute(reader, &entry, "to");
        let rates = rates(reader, &entry, base);
        let (Some(from_minute), Some(to_minute)) = (from_minute, to_minute) else {
            continue;
        };
        if from_minute >= to_minute {
            reader.wrong(
                &entry,
                "to",
                "is not after from",
                "write two entries where hours pass midnight (to = \"24:00\")",
            );
        }
        found.push((Hours { weekdays, from_minute, to_minute, except_days }, rates));
    }
    found
}

/// Days of the week; all seven when untold.
fn weekdays(reader: &mut Reader, fields: &Fields<'_>) -> Vec<u8> {
    let Some(item) = fields.table.get("weekdays") else {
        return (1..=7).collect();
    };
    let days: Option<Vec<u8>> = item.as_array().and_then(|list| {
        list.iter()
            .map(|day| u8::try_from(day.as_integer()?).ok().filter(|day| (1..=7).contains(day)))
            .collect()
    });
    match days {
        Some(days) if !days.is_empty() => days,
        _ => {
            reader.wrong(
                fields,
                "weekdays",
                "is not a list of days",
                "write numbers from 1 (Monday) to 7 (Sunday): [1, 2, 3, 4, 5]",
            );
            Vec::new()
        }
    }
}

/// Days on which hours do not hold, as days since 1970-01-01.
fn except(reader: &mut Reader, fields: &Fields<'_>) -> Vec<i64> {
    let written = reader.strings(fields, "except").unwrap_or_default();
    let days: Option<Vec<i64>> = written.iter().map(|day| day_number(day)).collect();
    if days.is_none() {
        reader.wrong(fields, "except", "is not a list of days", "write days such as \"2027-01-01\"");
    }
    days.unwrap_or_default()
}

fn day_number(day: &str) -> Option<i64> {
    let day: jiff::civil::Date = day.parse().ok()?;
    let start = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(start.timestamp().as_second().div_euclid(86_400))
}

/// `HH:MM` as minutes of the day, 0 to 1440.
fn minute(reader: &mut Reader, fields: &Fields<'_>, name: &str) -> Option<u16> {
    let Some(text) = reader.string(fields, name) else {
        if !fields.table.contains_key(name) {
            reader.wrong(fields, name, "is missing", "write a time of day in UTC such as \"01:00\"");
        }
        return None;
    };
    let two = |text: &str| {
        if text.len() == 2 { text.parse::<u16>().ok() } else { None }
    };
    let minute = text
        .split_once(':')
        .and_then(|(hour, minute)| Some(two(hour)? * 60 + two(minute).filter(|minute| *minute < 60)?))
        .filter(|minute| *minute <= 24 * 60);
    if minute.is_none() {
        reader.wrong(
            fields,
            name,
            "is not a time of day",
            "write \"HH:MM\" in UTC, from \"00:00\" to \"24:00\"",
        );
    }
    minute
}
