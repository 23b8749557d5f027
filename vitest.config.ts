import { defineConfig } from 'vitest/config';
import { DEEP } from './test/support/deep.ts';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: ['test/live/**'],
          testTimeout: 60_000 * Math.max(1, DEEP),
        },
      },
      {
        test: {
          name: 'live',
          include: ['test/live/**/*.test.ts'],
          // No package offers MySQL: its test is asked for by naming a server. MariaDB's always runs.
          exclude: process.env.ONCEOVER_MYSQL_URL === undefined ? ['test/live/mysql.test.ts'] : [],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
