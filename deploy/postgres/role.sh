#!/bin/sh
# Creates the program's role and database when PostgreSQL's volume is new. The program owns its database and has no other
# privileges on the server. docker-compose.yml mounts this file where the image looks for it.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$MINICOMPETE_PASSWORD" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE minicompete LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
CREATE DATABASE minicompete OWNER minicompete;
REVOKE ALL ON DATABASE minicompete FROM PUBLIC;
SQL
