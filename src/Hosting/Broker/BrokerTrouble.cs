using System.Net.Sockets;
using MQTTnet;

namespace Edge.Hosting;

/// <summary>Why there is no connection to the broker.</summary>
internal enum BrokerTrouble
{
    /// <summary>Nobody answers at its address, or not MQTT 5.</summary>
    Unreachable = 0,
    /// <summary>The broker's certificate is not trusted, or ours is not.</summary>
    Certificate,
    /// <summary>User or password is wrong, or the client may not connect.</summary>
    Credentials,
    /// <summary>The client may connect and not subscribe.</summary>
    Forbidden,
    /// <summary>One of our own files can't be read.</summary>
    File,
}

/// <summary>An attempt to connect that failed.</summary>
internal sealed class BrokerException : EdgeException
{
    public BrokerException(BrokerTrouble trouble, string message) : base(message) => Trouble = trouble;

    private BrokerException(BrokerTrouble trouble, string message, Exception inner) : base(message, inner) => Trouble = trouble;

    public BrokerTrouble Trouble { get; }

    public static BrokerException Of(Exception e, BrokerCertificates certificates, BrokerOptions options)
    {
        string root = e.GetBaseException().Message;
        if (e is EdgeException) return new BrokerException(BrokerTrouble.File, e.Message, e);
        if (certificates.Distrust is { } distrust) return new BrokerException(BrokerTrouble.Certificate, distrust, e);
        // TLS 1.3: a broker that does not like our certificate hangs up after the handshake.
        if (certificates.Trusted)
            return new BrokerException(BrokerTrouble.Certificate, $"the broker ended the connection after the TLS handshake ({root}); perhaps it {(options.CertificateFile is null ? "asks for a client certificate: Mqtt:CertificateFile" : "does not trust Mqtt:CertificateFile, or that has ended")}", e);
        if (!options.UseTls || e.GetBaseException() is SocketException { SocketErrorCode: not SocketError.ConnectionReset }) return new BrokerException(BrokerTrouble.Unreachable, root, e);
        return new BrokerException(BrokerTrouble.Certificate, $"the TLS connection failed: {root}; is Mqtt:Port the broker's port for TLS?", e);
    }

    public static BrokerException Of(MqttClientConnectResult result, BrokerOptions options)
    {
        string who = options.Username is { Length: > 0 } user ? $"user '{user}'" : options.UsernameFile is not null ? "the user of Mqtt:UsernameFile" : options.CertificateFile is not null ? "the name in Mqtt:CertificateFile" : "a client without a user";
        return result.ResultCode is MqttClientConnectResultCode.BadUserNameOrPassword or MqttClientConnectResultCode.NotAuthorized or MqttClientConnectResultCode.Banned
            ? new BrokerException(BrokerTrouble.Credentials, $"the broker refuses {who}: {result.ResultCode} {result.ReasonString}".TrimEnd() + "; check Mqtt:Username, Mqtt:PasswordFile and the broker's own lists")
            : new BrokerException(BrokerTrouble.Unreachable, $"the broker refuses the connection: {result.ResultCode} {result.ReasonString}".TrimEnd());
    }
}
