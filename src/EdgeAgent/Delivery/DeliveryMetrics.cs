using Edge.Agent.Diagnostics;
using Edge.Agent.Inspection;
using Prometheus;

namespace Edge.Agent.Delivery;

/// <summary>What is fetched from a trainer. All zero without Edge:Delivery:Url.</summary>
internal sealed class DeliveryMetrics
{
    private static readonly DeliveryTrouble[] Troubles = Enum.GetValues<DeliveryTrouble>();

    private readonly AgentMetrics agent;
    private readonly Gauge trouble, offered, asked;
    private readonly Counter versions, bytes, resumes, invalid;

    public DeliveryMetrics(AgentMetrics agent)
    {
        this.agent = agent;
        MetricFactory make = Metrics.WithCustomRegistry(agent.Registry);
        trouble = make.CreateGauge("edge_delivery_trouble", "1 for why a version that the trainer has is not here yet, or the trainer can't be asked: unreachable, certificate, credentials (our token), refused (the version), disk, file (of our own, unreadable).", "cause");
        offered = make.CreateGauge("edge_delivery_offered_version", "Newest version that the trainer has.", "model");
        asked = make.CreateGauge("edge_delivery_asked_timestamp_seconds", "When the trainer answered last, Unix time; 0 = never.");
        versions = make.CreateCounter("edge_delivery_versions_total", "Versions by what became of them: fetched, refused.", "model", "outcome");
        bytes = make.CreateCounter("edge_delivery_bytes_total", "Bytes of packages that were fetched.");
        resumes = make.CreateCounter("edge_delivery_resumes_total", "Times that a file went on where it had broken off.");
        invalid = make.CreateCounter("edge_invalid_announcements_total", "Messages on the topic of a trainer's models that are none.");
        foreach (DeliveryTrouble cause in Troubles) trouble.WithLabels(cause.Wire()).Set(0);
    }

    public void Expect(string model)
    {
        foreach (string outcome in (string[])["fetched", "refused"]) versions.WithLabels(model, outcome);
    }

    public void Offered(string model, int version) => offered.WithLabels(model).Set(version);

    public void Fetched(string model) => versions.WithLabels(model, "fetched").Inc();

    public void Refused(string model) => versions.WithLabels(model, "refused").Inc();

    public void Answered(DateTimeOffset at) => asked.Set(at.ToUnixTimeSeconds());

    /// <summary>Certificates, also of a server that is not trusted because its has ended.</summary>
    public void Seen(PackageServer server)
    {
        if (server.Ends > 0) agent.CertificateEnds("delivery", "trainer", server.Ends);
        if (server.OwnEnds > 0) agent.CertificateEnds("delivery", "client", server.OwnEnds);
    }

    /// <summary>After a look at every model.</summary>
    public void Set(IReadOnlySet<DeliveryTrouble> now, FetchCounts counts, long announcements)
    {
        foreach (DeliveryTrouble cause in Troubles) trouble.WithLabels(cause.Wire()).Set(now.Contains(cause) ? 1 : 0);
        Set(counts, announcements);
    }

    public void Set(FetchCounts counts, long announcements)
    {
        bytes.IncTo(counts.Bytes);
        resumes.IncTo(counts.Resumes);
        invalid.IncTo(announcements);
    }
}
