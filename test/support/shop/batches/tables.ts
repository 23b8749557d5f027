/** The shop's two tables of orders on PostgreSQL or MariaDB: one where nothing forbids a second row, one where a key does. */
import { createConnection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import { Client } from 'pg';

export type Dialect = 'postgres' | 'mysql';

/** One attempt at an order: another one at the same order has another id. */
export interface Attempt {
  readonly id: string;
  readonly order: string;
}

export interface Tables {
  /**
   * Enters the orders into both tables in one transaction: into `orders` a row an attempt, into `orders_once` what is not
   * there yet. @param midst called when half of the rows are in and nothing is committed
   */
  enter(attempts: readonly Attempt[], midst: () => Promise<void>): Promise<void>;
  /** One statement. @returns its rows; of one that changes rows, none */
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  close(): Promise<void>;
}

/** Makes the tables; each has a row of an order that came by telephone, by which it shows how far back it reaches. */
export async function createTables(dialect: Dialect, url: string): Promise<void> {
  const tables = await openTables(dialect, url);
  const time =
    dialect === 'postgres' ? 'timestamptz DEFAULT clock_timestamp()' : 'timestamp(6) DEFAULT now(6)';
  const columns = `attempt char(36) PRIMARY KEY, order_id varchar(40), created_at ${time}`;
  await tables.query(`CREATE TABLE orders (${columns})`);
  await tables.query(`CREATE TABLE orders_once (${columns}, UNIQUE (order_id))`);
  await tables.enter([{ id: 'by-telephone', order: 'TEL-000001' }], async () => {});
  await tables.close();
}

export function openTables(dialect: Dialect, url: string): Promise<Tables> {
  return dialect === 'postgres' ? openPostgres(url) : openMysql(url);
}

async function openPostgres(url: string): Promise<Tables> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const insert = async (table: string, attempts: readonly Attempt[], conflict = '') => {
    const text = `INSERT INTO ${table} (attempt, order_id) SELECT * FROM unnest($1::text[], $2::text[]) ${conflict}`;
    await client.query(text, [attempts.map(({ id }) => id), attempts.map(({ order }) => order)]);
  };
  return {
    enter: async (attempts, midst) => {
      const half = attempts.length >> 1;
      await client.query('BEGIN');
      await insert('orders', attempts.slice(0, half));
      await midst();
      await insert('orders', attempts.slice(half));
      await insert('orders_once', attempts, 'ON CONFLICT DO NOTHING');
      await client.query('COMMIT');
    },
    query: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows,
    close: () => client.end(),
  };
}

async function openMysql(url: string): Promise<Tables> {
  const connection = await createConnection({ uri: url, charset: 'utf8mb4', timezone: 'Z' });
  const insert = async (into: string, attempts: readonly Attempt[]) => {
    if (attempts.length === 0) return;
    const rows = attempts.map(({ id, order }) => [id, order]);
    await connection.query(`${into} (attempt, order_id) VALUES ?`, [rows]);
  };
  return {
    enter: async (attempts, midst) => {
      const half = attempts.length >> 1;
      await connection.beginTransaction();
      await insert('INSERT INTO orders', attempts.slice(0, half));
      await midst();
      await insert('INSERT INTO orders', attempts.slice(half));
      await insert('INSERT IGNORE INTO orders_once', attempts);
      await connection.commit();
    },
    query: async (sql) => {
      const [rows] = await connection.query<RowDataPacket[] | ResultSetHeader>(sql);
      return Array.isArray(rows) ? rows : [];
    },
    close: () => connection.end(),
  };
}
