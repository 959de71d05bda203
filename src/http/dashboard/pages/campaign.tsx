// Placeholder until it is written.
export function CampaignPage() {
  return <p />;
}
