//! LLM wire formats and their translation. Pure: no sockets, no clock, no database.
