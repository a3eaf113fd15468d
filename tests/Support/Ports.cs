using System.Net;
using System.Net.Sockets;

namespace Edge.Tests;

internal static class Ports
{
    /// <summary>A TCP port of the loopback address that nobody listens on now.</summary>
    public static int Free()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
