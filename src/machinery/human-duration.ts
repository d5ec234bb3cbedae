const SECONDS_PER_MINUTE = 60;
const SECONDS_PER_HOUR = 3_600;
const SECONDS_PER_DAY = 86_400;
const DAYS_PER_YEAR = 365;

/**
 * A duration in milliseconds as the age columns of kubectl show it: two or three significant figures,
 * such as `90s`, `3m5s`, `4d`, `2y10d`. Upstream's rule is apimachinery's duration.HumanDuration: a clock
 * that is up to two seconds ahead counts as "now", anything further in the future is `<invalid>`.
 */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1_000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 2 * SECONDS_PER_MINUTE) return `${seconds}s`;
  const minutes = Math.floor(seconds / SECONDS_PER_MINUTE);
  if (minutes < 10) return `${minutes}m${remainder(seconds % SECONDS_PER_MINUTE, 's')}`;
  if (minutes < 3 * 60) return `${minutes}m`;
  const hours = Math.floor(seconds / SECONDS_PER_HOUR);
  if (hours < 8) return `${hours}h${remainder(minutes % 60, 'm')}`;
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(seconds / SECONDS_PER_DAY);
  if (days < 8) return `${days}d${remainder(hours % 24, 'h')}`;
  if (days < 2 * DAYS_PER_YEAR) return `${days}d`;
  const years = Math.floor(days / DAYS_PER_YEAR);
  if (years < 8) return `${years}y${remainder(days % DAYS_PER_YEAR, 'd')}`;
  return `${years}y`;
}

function remainder(count: number, unit: string): string {
  return count === 0 ? '' : `${count}${unit}`;
}
