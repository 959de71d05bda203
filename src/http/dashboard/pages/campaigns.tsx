// Placeholder until it is written.
export function CampaignsPage() {
  return <p />;
}
