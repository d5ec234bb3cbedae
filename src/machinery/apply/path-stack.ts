import { describeElement, fieldElement, parseItem } from './path-element.ts';

/** Where a walk through a value is. Names are only put together when something is wrong there. */
export class PathStack {
  readonly #names: string[] = [];
  readonly #areItems: boolean[] = [];

  enterField(name: string): void {
    this.#names.push(name);
    this.#areItems.push(false);
  }

  /** @param text the FieldsV1 text of the item */
  enterItem(text: string): void {
    this.#names.push(text);
    this.#areItems.push(true);
  }

  leave(): void {
    this.#names.pop();
    this.#areItems.pop();
  }

  /** The path as messages name it. */
  toString(): string {
    return this.#names.map((_, index) => this.#describe(index)).join('');
  }

  /** The innermost element as messages name it. */
  describeLast(): string {
    return this.#describe(this.#names.length - 1);
  }

  #describe(index: number): string {
    const name = this.#names[index]!;
    return describeElement(this.#areItems[index] ? parseItem(name) : fieldElement(name));
  }
}
