import { expect, it } from 'vitest';
import { ROOT_CLUSTER } from '../base/mod.ts';
import { definitionTopic, groupTopic, WaitingDebts } from './waiting-debts.ts';

const one = { controller: 'c', cluster: ROOT_CLUSTER, key: 'one' };
const other = { ...one, key: 'other' };

it('knows the debts of a topic until they wait no longer', () => {
  const waiting = new WaitingDebts();
  waiting.wait(one, 'a');
  waiting.wait(one, 'b');
  waiting.wait(one, 'a');
  waiting.wait(other, 'a');
  expect(waiting.size).toBe(2);
  expect(waiting.of('a')).toEqual([one, other]);
  expect(waiting.of('b')).toEqual([one]);
  waiting.stop(one);
  waiting.stop(one);
  expect([waiting.size, waiting.of('a'), waiting.of('b')]).toEqual([1, [other], []]);
});

it('gives a group the same topic as its CRDs', () => {
  expect(definitionTopic('root', 'widgets.example.com')).toBe(groupTopic('root', 'example.com'));
  expect(definitionTopic('root', 'widgets.example.com')).not.toBe(groupTopic('other', 'example.com'));
});
