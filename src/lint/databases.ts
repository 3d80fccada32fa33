import type { ComposeService } from '../compose/model.ts';
import { imageName } from './image-name.ts';

/** Programs that keep data and are no business of anybody but their clients, by the last part of the image's name. */
const DATABASE =
  /^(postgres(ql)?(-\w+)?|postgis|pgvector|timescaledb(-ha)?|mysql(-server)?|mariadb|percona(-server)?|mongo(db)?|redis(-stack(-server)?)?|valkey|keydb|dragonfly|memcached|cassandra|scylla|elasticsearch|opensearch|couchdb|neo4j|influxdb|clickhouse(-server)?|cockroach|qdrant|milvus|weaviate|chroma|etcd|ferretdb|arangodb|rethinkdb|surrealdb|azure-sql-edge|mssql-server|oracle-(xe|free))$/;

/** Ports that databases listen on, and whose they are. */
const DATABASE_PORTS: ReadonlyMap<number, string> = new Map([
  [1433, 'SQL Server'],
  [1521, 'Oracle'],
  [2379, 'etcd'],
  [2380, 'etcd'],
  [3306, 'MySQL'],
  [5432, 'PostgreSQL'],
  [5984, 'CouchDB'],
  [6333, 'Qdrant'],
  [6334, 'Qdrant'],
  [6379, 'Redis'],
  [6432, 'PgBouncer'],
  [7687, 'Neo4j'],
  [8086, 'InfluxDB'],
  [9042, 'Cassandra'],
  [9200, 'Elasticsearch'],
  [9300, 'Elasticsearch'],
  [11211, 'Memcached'],
  [19530, 'Milvus'],
  [26257, 'CockroachDB'],
  [27017, 'MongoDB'],
  [27018, 'MongoDB'],
  [27019, 'MongoDB'],
]);

/** By its image: what a port or a name says is a guess. */
export function isDatabase({ image }: ComposeService): boolean {
  return image !== undefined && DATABASE.test(imageName(image).base);
}

/** Whose port a port in a container is; undefined for one that no database is known for. */
export function databaseOfPort(target: number): string | undefined {
  return DATABASE_PORTS.get(target);
}
