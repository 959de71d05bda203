// Placeholder until it is written.
export function StatisticsPage() {
  return <p />;
}
