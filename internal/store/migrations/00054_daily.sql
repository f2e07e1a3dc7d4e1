-- What starts, what is new and what closes within a day is found together, however much there is of other days.

-- +goose Up
DROP INDEX competitions_start;
CREATE INDEX competitions_start ON competitions (start_date, id) WHERE start_date IS NOT NULL; -- in this order, page by page

-- The first hits of a search are found without reading all of them.
{{if .TextVectors}}
-- +goose StatementBegin
CREATE FUNCTION competition_search_daily(words tsvector, created_at timestamptz, reg_deadline timestamptz) RETURNS tsvector
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10000 AS $$
    SELECT array_to_tsvector(ARRAY(SELECT day || word FROM unnest(tsvector_to_array(words)) AS word, unnest(ARRAY[
        '0.' || floor(extract(epoch FROM created_at) / 86400) || ' ', '1.' || floor(extract(epoch FROM reg_deadline) / 86400) || ' '
    ]) AS day))
$$;
-- +goose StatementEnd
-- What is added later would be read by each search until it is moved into the index.
CREATE INDEX competition_search_daily ON competition_search USING gin (competition_search_daily(words, created_at, reg_deadline))
    WITH (fastupdate = off);
{{else}}
CREATE INDEX competition_search_newest ON competition_search (created_at);
{{end}}

-- +goose Down
{{if .TextVectors}}
DROP INDEX competition_search_daily;
DROP FUNCTION competition_search_daily(tsvector, timestamptz, timestamptz);
{{else}}
DROP INDEX competition_search_newest;
{{end}}
DROP INDEX competitions_start;
CREATE INDEX competitions_start ON competitions (start_date) WHERE start_date IS NOT NULL;
