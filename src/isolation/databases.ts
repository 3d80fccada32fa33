/** Usual ports of what keeps data, and should be reached by name on a network and never from outside. */
const DATABASES: Readonly<Record<number, string>> = {
  1433: 'SQL Server',
  1521: 'Oracle',
  2375: 'the Docker API',
  2379: 'etcd',
  3306: 'MySQL',
  4222: 'NATS',
  5432: 'PostgreSQL',
  5672: 'RabbitMQ',
  5984: 'CouchDB',
  6333: 'Qdrant',
  6379: 'Redis',
  7474: 'Neo4j',
  7687: 'Neo4j',
  8086: 'InfluxDB',
  9042: 'Cassandra',
  9092: 'Kafka',
  9200: 'Elasticsearch',
  11211: 'Memcached',
  19530: 'Milvus',
  26257: 'CockroachDB',
  27017: 'MongoDB',
};

/** What usually listens on a port, when that is something that keeps data. */
export function databaseOf(port: number): string | undefined {
  return Object.hasOwn(DATABASES, port) ? DATABASES[port] : undefined;
}
