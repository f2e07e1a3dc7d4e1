#!/bin/sh
# Makes the program's own role and database when PostgreSQL's volume is new: the program owns its database and may do
# nothing else on the server. docker-compose.yml mounts this where the image looks for it.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$MINICOMPETE_PASSWORD" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE minicompete LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
CREATE DATABASE minicompete OWNER minicompete;
REVOKE ALL ON DATABASE minicompete FROM PUBLIC;
SQL
