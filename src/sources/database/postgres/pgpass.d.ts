/** What is used of a package that brings no types. */
declare module 'pgpass' {
  export default function pgpass(
    connection: {
      readonly host: string;
      readonly port: number;
      readonly user?: string;
      readonly database?: string;
    },
    answer: (password: string | undefined) => void,
  ): void;
}
