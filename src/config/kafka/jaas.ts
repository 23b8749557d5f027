/** `sasl.jaas.config`: one login module of the Java Authentication and Authorization Service, in its own notation. */

export interface LoginModule {
  /** The last part of its class name, such as PlainLoginModule. */
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
}

/** A quoted text with its escapes, a word, or one of the two signs; comments as in Java. */
const TOKEN =
  /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|([^\s"'=;]+)|([=;])/gy;

/**
 * `CLASS required name="value" …;` as Kafka's JaasConfig reads it.
 * (https://github.com/apache/kafka/blob/4.0/clients/src/main/java/org/apache/kafka/common/security/JaasConfig.java)
 * @returns undefined: the text is not of that form
 */
export function readJaas(text: string): LoginModule | undefined {
  const tokens = tokensOf(text);
  if (tokens === undefined) return undefined;
  const [className, control, ...rest] = tokens;
  if (className?.word === undefined || control?.word === undefined) return undefined;
  if (!/^(required|requisite|sufficient|optional)$/i.test(control.word)) return undefined;
  const options = optionsOf(rest);
  return options === undefined ? undefined : { name: className.word.split('.').at(-1)!, options };
}

interface Token {
  readonly word?: string;
  readonly sign?: string;
}

function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const found = TOKEN.exec(text);
    if (found === null) return undefined;
    const [, double, single, word, sign] = found;
    const quoted = double ?? single;
    if (quoted !== undefined) tokens.push({ word: unescaped(quoted) });
    else if (word !== undefined) tokens.push({ word });
    else if (sign !== undefined) tokens.push({ sign });
  }
  return tokens;
}

/** As Java's StreamTokenizer does. */
function unescaped(text: string): string {
  const letters: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', b: '\b' };
  return text.replace(/\\(.)/gs, (_, letter: string) => letters[letter] ?? letter);
}

/** `name = value` again and again, and the semicolon at the end. */
function optionsOf(tokens: readonly Token[]): Record<string, string> | undefined {
  const options: Record<string, string> = {};
  for (let i = 0; i < tokens.length; i += 3) {
    const [name, equals, value] = tokens.slice(i, i + 3);
    if (name?.sign === ';') return i === tokens.length - 1 ? options : undefined;
    if (name?.word === undefined || equals?.sign !== '=' || value?.word === undefined) return undefined;
    options[name.word] = value.word;
  }
  return undefined;
}
