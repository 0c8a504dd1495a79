/*
 * igb.h: the registers and descriptor bits of the Intel 82576 that JIX uses,
 * under the names of the "Intel 82576EB Gigabit Ethernet Controller
 * Datasheet". Registers: chapter 8; advanced receive descriptors: section
 * 7.1; advanced transmit descriptors: section 7.2.2; interrupts: section 7.3.
 */
#ifndef JIX_INC_IGB_H
#define JIX_INC_IGB_H

#define IGB_VENDOR		0x8086
#define IGB_DEVICE_82576	0x10c9

/* General registers. */
#define IGB_CTRL		0x0000	/* Device Control */
#define IGB_CTRL_SLU		(1u << 6)	/* Set Link Up */
#define IGB_CTRL_FRCSPD		(1u << 11)	/* Force Speed */
#define IGB_CTRL_FRCDPX		(1u << 12)	/* Force Duplex */
#define IGB_CTRL_RST		(1u << 26)	/* Port Software Reset */
#define IGB_STATUS		0x0008	/* Device Status */
#define IGB_STATUS_LU		(1u << 1)	/* Link Up */
#define IGB_MDIC		0x0020	/* MDI Control */
#define IGB_MDIC_DATA(v)	((uint32_t)(v) & 0xffff)
#define IGB_MDIC_REGADD(n)	((uint32_t)(n) << 16)
#define IGB_MDIC_PHYADD(n)	((uint32_t)(n) << 21)
#define IGB_MDIC_OP_WRITE	(1u << 26)
#define IGB_MDIC_READY		(1u << 28)
#define IGB_MDIC_ERROR		(1u << 30)

/* PHY register 0, Control (the PHY's address is 1). */
#define IGB_PHY_ADDRESS		1
#define IGB_PCTRL		0
#define IGB_PCTRL_SPEED_1000	(1u << 6)
#define IGB_PCTRL_DUPLEX	(1u << 8)
#define IGB_PCTRL_RESTART_AN	(1u << 9)
#define IGB_PCTRL_AN_ENABLE	(1u << 12)

/* Interrupts (section 7.3). */
#define IGB_ICR			0x00c0	/* Interrupt Cause Read */
#define IGB_IMS			0x00d0	/* Interrupt Mask Set */
#define IGB_IMC			0x00d8	/* Interrupt Mask Clear */
#define IGB_INT_LSC		(1u << 2)	/* Link Status Change */
#define IGB_GPIE		0x1514	/* General Purpose Interrupt Enable */
#define IGB_GPIE_NSICR		(1u << 0)	/* reading ICR clears it all */
#define IGB_GPIE_MULTIPLE_MSIX	(1u << 4)	/* a vector per IVAR entry */
#define IGB_GPIE_EIAME		(1u << 30)	/* EIAM on MSI-X assertion */
#define IGB_GPIE_PBA		(1u << 31)	/* PBA support */
#define IGB_EICS		0x1520	/* Extended Interrupt Cause Set */
#define IGB_EIMS		0x1524	/* ... Mask Set */
#define IGB_EIMC		0x1528	/* ... Mask Clear */
#define IGB_EIAC		0x152c	/* ... Auto Clear */
#define IGB_EICR		0x1580	/* ... Cause; write 1 to clear */
#define IGB_IVAR(q)		(0x1700 + 4 * ((q) & 7)) /* Vector Allocation */
#define IGB_IVAR_SHIFT_RX(q)	((q) & 8 ? 16 : 0)
#define IGB_IVAR_SHIFT_TX(q)	((q) & 8 ? 24 : 8)
#define IGB_IVAR_VALID		0x80u
#define IGB_IVAR_MISC		0x1740	/* byte 0 TCP timer, byte 1 other */
#define IGB_IVAR_MISC_OTHER	8

/* Receive. */
#define IGB_RCTL		0x0100	/* Receive Control */
#define IGB_RCTL_RXEN		(1u << 1)	/* Receiver Enable */
#define IGB_RCTL_BAM		(1u << 15)	/* Broadcast Accept Mode */
#define IGB_RCTL_SECRC		(1u << 26)	/* Strip Ethernet CRC */
#define IGB_RXCSUM		0x5000	/* Receive Checksum Control */
#define IGB_RXCSUM_IPOFLD	(1u << 8)	/* IP Checksum Offload */
#define IGB_RXCSUM_TUOFLD	(1u << 9)	/* TCP/UDP Checksum Offload */
#define IGB_RXCSUM_PCSD		(1u << 13)	/* RSS hash, not packet sum */
#define IGB_MTA			0x5200	/* Multicast Table Array */
#define IGB_MTA_WORDS		128
#define IGB_RAL0		0x5400	/* Receive Address Low */
#define IGB_RAH0		0x5404	/* ... High */
#define IGB_RAH_AV		(1u << 31)	/* Address Valid */
#define IGB_MRQC		0x5818	/* Multiple Receive Queues Command */
#define IGB_MRQC_RSS		2u		/* multiple queues by RSS */
#define IGB_MRQC_TCPIPV4	(1u << 16)	/* hash fields enabled */
#define IGB_MRQC_IPV4		(1u << 17)
#define IGB_MRQC_UDPIPV4	(1u << 22)
#define IGB_RETA(word)		(0x5c00 + 4 * (word))	/* Redirection Table */
#define IGB_RETA_ENTRIES	128
#define IGB_RSSRK(word)		(0x5c80 + 4 * (word))	/* RSS Random Key */
#define IGB_RSSRK_WORDS		10

/* Receive queue n; the first four queues also answer at 0x2800. */
#define IGB_RXQ(n)		(0xc000 + 0x40 * (n))
#define IGB_RDBAL(n)		(IGB_RXQ(n) + 0x00)
#define IGB_RDBAH(n)		(IGB_RXQ(n) + 0x04)
#define IGB_RDLEN(n)		(IGB_RXQ(n) + 0x08)
#define IGB_SRRCTL(n)		(IGB_RXQ(n) + 0x0c)
#define IGB_SRRCTL_BSIZEPACKET(kb)	((uint32_t)(kb))
#define IGB_SRRCTL_DESCTYPE_ADV1	(1u << 25) /* advanced, one buffer */
#define IGB_SRRCTL_DROP_EN	(1u << 31)	/* a full queue drops */
#define IGB_RDH(n)		(IGB_RXQ(n) + 0x10)
#define IGB_RDT(n)		(IGB_RXQ(n) + 0x18)
#define IGB_RXDCTL(n)		(IGB_RXQ(n) + 0x28)
#define IGB_RXDCTL_ENABLE	(1u << 25)

/* Transmit; queue n. */
#define IGB_TCTL		0x0400	/* Transmit Control */
#define IGB_TCTL_EN		(1u << 1)
#define IGB_TCTL_PSP		(1u << 3)	/* Pad Short Packets */
#define IGB_TXQ(n)		(0xe000 + 0x40 * (n))
#define IGB_TDBAL(n)		(IGB_TXQ(n) + 0x00)
#define IGB_TDBAH(n)		(IGB_TXQ(n) + 0x04)
#define IGB_TDLEN(n)		(IGB_TXQ(n) + 0x08)
#define IGB_TDH(n)		(IGB_TXQ(n) + 0x10)
#define IGB_TDT(n)		(IGB_TXQ(n) + 0x18)
#define IGB_TXDCTL(n)		(IGB_TXQ(n) + 0x28)
#define IGB_TXDCTL_ENABLE	(1u << 25)
#define IGB_TDWBAL(n)		(IGB_TXQ(n) + 0x38)	/* head write-back */
#define IGB_TDWBAH(n)		(IGB_TXQ(n) + 0x3c)

/* Statistics: all are cleared by reading. */
#define IGB_CRCERRS		0x4000	/* CRC Errors */
#define IGB_MPC			0x4010	/* Missed Packets */
#define IGB_GPRC		0x4074	/* Good Packets Received */
#define IGB_GPTC		0x4080	/* Good Packets Transmitted */
#define IGB_GORCL		0x4088	/* Good Octets Received, low ... */
#define IGB_GORCH		0x408c	/* ... high: reading clears both */
#define IGB_GOTCL		0x4090	/* Good Octets Transmitted */
#define IGB_GOTCH		0x4094
#define IGB_RNBC		0x40a0	/* Receive No Buffers */

/*
 * Advanced receive descriptor, write-back format. First quadword: what the
 * frame is; second: status, errors, length.
 */
#define IGB_RXD_RSS_TYPE(q)	((uint32_t)((q) & 0xf))
#define IGB_RXD_RSS_TCPIPV4	1
#define IGB_RXD_RSS_IPV4	2
#define IGB_RXD_RSS_UDPIPV4	7
#define IGB_RXD_PKT_IPV4	(1ull << 4)	/* packet type */
#define IGB_RXD_PKT_TCP		(1ull << 8)
#define IGB_RXD_PKT_UDP		(1ull << 9)
#define IGB_RXD_HASH(q)		((uint32_t)((q) >> 32))
#define IGB_RXD_STA_DD		(1ull << 0)	/* Descriptor Done */
#define IGB_RXD_STA_EOP		(1ull << 1)	/* End Of Packet */
#define IGB_RXD_STA_UDPCS	(1ull << 4)	/* UDP checksum calculated */
#define IGB_RXD_STA_L4CS	(1ull << 5)	/* TCP/UDP checksum looked at */
#define IGB_RXD_STA_IPCS	(1ull << 6)	/* IP checksum calculated */
#define IGB_RXD_ERR_L4E		(1ull << 29)	/* TCP/UDP checksum error */
#define IGB_RXD_ERR_IPE		(1ull << 30)	/* IP checksum error */
#define IGB_RXD_ERR_RXE		(1ull << 31)	/* receive data error */
#define IGB_RXD_LEN(q)		((uint32_t)((q) >> 32 & 0xffff))

/* Advanced transmit data descriptor (section 7.2.2.3), second quadword. */
#define IGB_TXD_DTALEN(n)	((uint64_t)(n) & 0xffff)
#define IGB_TXD_DTYP_DATA	(3ull << 20)
#define IGB_TXD_DCMD_EOP	(1ull << 24)	/* End Of Packet */
#define IGB_TXD_DCMD_IFCS	(1ull << 25)	/* Insert FCS */
#define IGB_TXD_DCMD_RS		(1ull << 27)	/* Report Status */
#define IGB_TXD_DCMD_DEXT	(1ull << 29)	/* advanced descriptor */
#define IGB_TXD_DCMD_TSE	(1ull << 31)	/* TCP segmentation */
#define IGB_TXD_STA_DD		(1ull << 32)	/* Descriptor Done */
#define IGB_TXD_POPTS_IXSM	(1ull << 40)	/* insert IP checksum */
#define IGB_TXD_POPTS_TXSM	(1ull << 41)	/* insert TCP/UDP checksum */
#define IGB_TXD_PAYLEN(n)	((uint64_t)(n) << 46)

/* Advanced transmit context descriptor (section 7.2.2.2). */
#define IGB_TXC_IPLEN(n)	((uint64_t)(n) & 0x1ff)
#define IGB_TXC_MACLEN(n)	(((uint64_t)(n) & 0x7f) << 9)
#define IGB_TXC_TUCMD_IPV4	(1ull << 10)	/* second quadword */
#define IGB_TXC_TUCMD_L4T_TCP	(1ull << 11)	/* else UDP */
#define IGB_TXC_DTYP_CTXT	(2ull << 20)
#define IGB_TXC_DEXT		(1ull << 29)
#define IGB_TXC_L4LEN(n)	(((uint64_t)(n) & 0xff) << 40)
#define IGB_TXC_MSS(n)		((uint64_t)((n) & 0xffff) << 48)

#endif
