/** What schedules have met in all: a check that never saw one of these would prove little. */
export interface ModelTally {
  acknowledged: number;
  lostAtProcess: number;
  undone: number;
  imported: number;
  promoted: number;
  relisted: number;
  trimmed: number;
}

export function emptyTally(): ModelTally {
  return {
    acknowledged: 0,
    lostAtProcess: 0,
    undone: 0,
    imported: 0,
    promoted: 0,
    relisted: 0,
    trimmed: 0,
  };
}
