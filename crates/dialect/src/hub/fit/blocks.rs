//! Content as the target takes it: media, and what belongs to other dialects.

use crate::hub::request::{Block, Content, Media, MediaKind, Source};
use crate::hub::{Dialect, Invalid, Losses, Reason, Request, Target};

pub(super) fn fit(
    request: &mut Request<'_>,
    target: &Target<'_>,
    losses: &mut Losses,
) -> Result<(), Invalid> {
    let home = request.home;
    let turns = request.turns.iter_mut().map(|turn| &mut turn.blocks);
    for blocks in std::iter::once(&mut request.system).chain(turns) {
        fit_all(blocks, home, target, losses)?;
    }
    if !target.can.cache_marks {
        let marked =
            request.cache.take().is_some() | request.tools.iter_mut().any(|tool| tool.cache.take().is_some());
        if marked {
            losses.note("cache_control", Reason::Unsupported);
        }
    }
    Ok(())
}

fn fit_all(
    blocks: &mut Vec<Block<'_>>,
    home: Dialect,
    target: &Target<'_>,
    losses: &mut Losses,
) -> Result<(), Invalid> {
    for block in blocks.iter_mut() {
        if !target.can.cache_marks && block.cache.take().is_some() {
            losses.note("cache_control", Reason::Unsupported);
        }
        match &mut block.content {
            Content::Media(media) => allowed(media, home, target)?,
            Content::ToolResult { content, .. } => fit_all(content, home, target, losses)?,
            _ => {}
        }
    }
    blocks.retain(|block| match &block.content {
        Content::Opaque { home, kind, .. } if *home != target.dialect => {
            losses.note(format!("messages.content.{kind}"), Reason::Unsupported);
            false
        }
        _ => true,
    });
    Ok(())
}

fn allowed(media: &Media<'_>, home: Dialect, target: &Target<'_>) -> Result<(), Invalid> {
    let can = &target.can;
    let (takes, what) = match media.kind {
        MediaKind::Image => (can.images, "it sees no images"),
        MediaKind::Document => (can.documents, "it reads no documents"),
        MediaKind::Audio => (can.audio, "it hears no audio"),
        MediaKind::Video => (can.video, "it sees no video"),
    };
    if !takes {
        return Err(Invalid::unsupported("messages.content", what));
    }
    match &media.source {
        Source::File(_) if home != target.dialect => {
            Err(Invalid::unsupported("messages.content", "a file's id means nothing to another provider"))
        }
        Source::Url(_) if !can.media_by_url => {
            Err(Invalid::unsupported("messages.content", "it takes media as bytes, not by address"))
        }
        _ => Ok(()),
    }
}
